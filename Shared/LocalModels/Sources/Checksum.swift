/// CRC-32 as in zip and PNG, eight bytes at a time.
///
/// Source: https://www.w3.org/TR/png/#D-CRCAppendix
struct Checksum {
  private let table: [UInt32]

  init() {
    var table = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
      table[byte] = value
    }
    for slot in 256..<table.count {
      let before = table[slot - 256]
      table[slot] = (before >> 8) ^ table[Int(before & 0xFF)]
    }
    self.table = table
  }

  func value(of bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBytes { bytes in
      self.table.withUnsafeBufferPointer { table in
        var value = ~UInt32(0)
        var position = 0
        while position + 8 <= bytes.count {
          let eight = UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
          )
          let low = UInt32(truncatingIfNeeded: eight) ^ value
          let high = UInt32(truncatingIfNeeded: eight >> 32)
          value =
            table[7 * 256 + Int(low & 0xFF)] ^ table[6 * 256 + Int((low >> 8) & 0xFF)]
            ^ table[5 * 256 + Int((low >> 16) & 0xFF)] ^ table[4 * 256 + Int(low >> 24)]
            ^ table[3 * 256 + Int(high & 0xFF)] ^ table[2 * 256 + Int((high >> 8) & 0xFF)]
            ^ table[256 + Int((high >> 16) & 0xFF)] ^ table[Int(high >> 24)]
          position += 8
        }
        while position < bytes.count {
          value = table[Int((value ^ UInt32(bytes[position])) & 0xFF)] ^ (value >> 8)
          position += 1
        }
        return ~value
      }
    }
  }
}
