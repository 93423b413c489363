import CNghttp2

/// The bytes of a message that nghttp2 has yet to take.
struct OutgoingBody {
  /// Bytes taken from a growing body before their room is used again.
  private static let compactedBytes = 64 << 10

  private var bytes: [UInt8]
  private var sent = 0
  /// No more comes.
  private var isWhole: Bool

  init(_ bytes: [UInt8] = [], isWhole: Bool = true) {
    self.bytes = bytes
    self.isWhole = isWhole
  }

  /// Bytes that wait to be taken.
  var pending: Int { self.bytes.count - self.sent }

  mutating func append(_ more: [UInt8]) {
    if self.pending == 0 {
      self.bytes = more
      self.sent = 0
      return
    }
    if self.sent >= Self.compactedBytes {
      self.bytes.removeFirst(self.sent)
      self.sent = 0
    }
    self.bytes += more
  }

  mutating func end() { self.isWhole = true }

  /// Copies what fits into `buffer` and tells nghttp2 when that was the rest, or to wait for more.
  mutating func read(
    into buffer: UnsafeMutablePointer<UInt8>?,
    _ capacity: Int,
    _ flags: UnsafeMutablePointer<UInt32>?
  ) -> Int {
    guard self.isWhole || self.pending > 0 else { return Int(NGHTTP2_ERR_DEFERRED.rawValue) }
    let count = min(self.pending, capacity)
    self.bytes.withUnsafeBufferPointer { bytes in
      if let buffer, let start = bytes.baseAddress {
        buffer.update(from: start + self.sent, count: count)
      }
    }
    self.sent += count
    if self.isWhole, self.pending == 0 {
      flags?.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
    }
    return count
  }
}
