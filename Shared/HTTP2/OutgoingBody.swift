import CNghttp2

/// The bytes of a message that nghttp2 has yet to take.
struct OutgoingBody {
  private let bytes: [UInt8]
  private var sent = 0

  init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  /// Copies what fits into `buffer` and tells nghttp2 when that was the rest.
  mutating func read(
    into buffer: UnsafeMutablePointer<UInt8>?,
    _ capacity: Int,
    _ flags: UnsafeMutablePointer<UInt32>?
  ) -> Int {
    let count = min(self.bytes.count - self.sent, capacity)
    self.bytes.withUnsafeBufferPointer { bytes in
      if let buffer, let start = bytes.baseAddress {
        buffer.update(from: start + self.sent, count: count)
      }
    }
    self.sent += count
    if self.sent == self.bytes.count {
      flags?.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
    }
    return count
  }
}
