import CNghttp2
import HTTPMessage

/// The fields of one header block, laid out for nghttp2 in buffers that are used again.
struct FieldBlock {
  private var bytes: [UInt8] = []
  private var lengths: [(name: Int, value: Int)] = []

  mutating func removeAll() {
    self.bytes.removeAll(keepingCapacity: true)
    self.lengths.removeAll(keepingCapacity: true)
  }

  mutating func append(_ name: String, _ value: String) {
    let start = self.bytes.count
    self.bytes.append(contentsOf: name.utf8)
    let middle = self.bytes.count
    self.bytes.append(contentsOf: value.utf8)
    self.lengths.append((middle - start, self.bytes.count - middle))
  }

  /// Adds the fields that may cross the wire.
  mutating func append(_ fields: HeaderFields) {
    for field in fields.fields where field.isEndToEnd { self.append(field.name, field.value) }
  }

  /// Calls `body` with the fields; the pointers are valid until it returns.
  mutating func withFields<R>(
    _ body: (UnsafeMutableBufferPointer<nghttp2_nv>) throws(HTTP2Error) -> R
  ) throws(HTTP2Error) -> R {
    let lengths = self.lengths
    let result: Result<R, HTTP2Error> = self.bytes.withUnsafeMutableBufferPointer { bytes in
      withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: lengths.count) { fields in
        var next = bytes.baseAddress
        for (index, length) in lengths.enumerated() {
          let value = next.map { $0 + length.name }
          fields.initializeElement(
            at: index,
            to: nghttp2_nv(
              name: next,
              value: value,
              namelen: length.name,
              valuelen: length.value,
              flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
            )
          )
          next = value.map { $0 + length.value }
        }
        return Result { () throws(HTTP2Error) in try body(fields) }
      }
    }
    return try result.get()
  }
}
