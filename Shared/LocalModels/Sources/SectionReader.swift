/// Reads little-endian values one after another and never past the end.
struct SectionReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private let name: String

  init(_ bytes: ArraySlice<UInt8>, name: String) {
    self.bytes = bytes
    self.position = bytes.startIndex
    self.name = name
  }

  var remaining: Int { self.bytes.endIndex - self.position }

  mutating func take(_ count: Int) throws(LocalModelError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= self.remaining else {
      throw LocalModelError(.truncated, "\(self.name) ends too early")
    }
    defer { self.position += count }
    return self.bytes[self.position..<self.position + count]
  }

  mutating func integer<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self
  ) throws(LocalModelError) -> Value {
    let taken = try self.take(MemoryLayout<Value>.size)
    return taken.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(as: Value.self)) }
  }

  /// A u32 that counts something, 1...`limit`.
  mutating func count(limit: Int) throws(LocalModelError) -> Int {
    let value = Int(try self.integer(UInt32.self))
    guard value >= 1, value <= limit else {
      throw LocalModelError(.malformed, "\(self.name) holds the count \(value)")
    }
    return value
  }

  mutating func integers<Value: FixedWidthInteger>(
    _ count: Int,
    of type: Value.Type = Value.self
  ) throws(LocalModelError) -> [Value] {
    let size = MemoryLayout<Value>.size
    let taken = try self.take(count * size)
    return taken.withUnsafeBytes { bytes in
      [Value](unsafeUninitializedCapacity: count) { values, filled in
        for slot in 0..<count {
          let value = bytes.loadUnaligned(fromByteOffset: slot * size, as: Value.self)
          values.initializeElement(at: slot, to: Value(littleEndian: value))
        }
        filled = count
      }
    }
  }

  mutating func floats(_ count: Int) throws(LocalModelError) -> [Float] {
    try self.integers(count, of: UInt32.self).map { Float(bitPattern: $0) }
  }

  /// Throws unless everything was read.
  func end() throws(LocalModelError) {
    guard self.remaining == 0 else {
      throw LocalModelError(.malformed, "\(self.name) holds \(self.remaining) bytes too many")
    }
  }
}
