/// What Connect puts around each message of a stream: a byte of flags and the length.
///
/// Source: https://connectrpc.com/docs/protocol#streaming-rpcs
struct Envelope: Hashable {
  static let compressed: UInt8 = 1
  /// What follows is no message: it tells how the stream ended.
  static let end: UInt8 = 2
  private static let headBytes = 5

  var flags: UInt8
  var payload: [UInt8]

  var bytes: [UInt8] {
    let length = UInt32(truncatingIfNeeded: self.payload.count).bigEndian
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headBytes + self.payload.count)
    bytes.append(self.flags)
    withUnsafeBytes(of: length) { bytes.append(contentsOf: $0) }
    bytes += self.payload
    return bytes
  }

  /// Why bytes can't be cut into envelopes.
  enum Failure: Error, Hashable {
    case tooLarge
    case unknownFlags
  }

  /// Cuts envelopes out of a body, however it was cut into pieces on its way.
  struct Reader {
    private var bytes: [UInt8] = []
    private var start = 0

    /// Whether all of the bytes so far were whole envelopes.
    var isEmpty: Bool { self.start == self.bytes.count }

    mutating func append(_ more: [UInt8]) {
      if self.isEmpty {
        self.bytes = more
      } else {
        self.bytes.removeFirst(self.start)
        self.bytes += more
      }
      self.start = 0
    }

    /// The next envelope, or `nil` when it has not come whole.
    ///
    /// - Parameter limit: Of the payload, in bytes. More is refused before it has come.
    /// - Returns: One with flags that Connect knows.
    /// - Throws: A failure after which nothing can be read.
    mutating func next(limit: Int) throws(Failure) -> Envelope? {
      let head = self.bytes[self.start...].prefix(Envelope.headBytes)
      guard head.count == Envelope.headBytes, let flags = head.first else { return nil }
      guard flags & ~(Envelope.compressed | Envelope.end) == 0 else { throw .unknownFlags }
      let length = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
      guard length <= limit else { throw .tooLarge }
      let end = head.endIndex + length
      guard end <= self.bytes.count else { return nil }
      defer { self.start = end }
      return Envelope(flags: flags, payload: Array(self.bytes[head.endIndex..<end]))
    }
  }
}
