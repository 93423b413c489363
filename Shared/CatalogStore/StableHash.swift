/// FNV-1a with 64 bits: the same on every machine and in every run, unlike `Hasher`.
///
/// It tells contents apart that differ by accident; it does not resist someone who wants two
/// contents to look the same. Every value is written with its length or a mark for `nil`, so
/// `["ab", "c"]` and `["a", "bc"]` differ.
///
/// Source: http://www.isthe.com/chongo/tech/comp/fnv/
package struct StableHash: Sendable {
  package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  /// 16 lower-case hexadecimal digits.
  package var hex: String {
    let digits = String(self.value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  package mutating func combine(_ number: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      self.combineByte(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  package mutating func combine(_ text: String) {
    self.combine(UInt64(text.utf8.count))
    for byte in text.utf8 { self.combineByte(byte) }
  }

  package mutating func combine(_ number: Double) {
    self.combine(number.bitPattern)
  }

  package mutating func combine(_ texts: [String]) {
    self.combine(UInt64(texts.count))
    for text in texts { self.combine(text) }
  }

  package mutating func combine(_ text: String?) {
    self.combineByte(text == nil ? 0 : 1)
    if let text { self.combine(text) }
  }

  package mutating func combine(_ number: Int?) {
    self.combineByte(number == nil ? 0 : 1)
    if let number { self.combine(UInt64(bitPattern: Int64(number))) }
  }

  package mutating func combine(_ number: Double?) {
    self.combineByte(number == nil ? 0 : 1)
    if let number { self.combine(number) }
  }

  package mutating func combine(_ vector: [Float]?) {
    self.combineByte(vector == nil ? 0 : 1)
    guard let vector else { return }
    self.combine(UInt64(vector.count))
    for component in vector {
      for shift in stride(from: UInt32(0), to: 32, by: 8) {
        self.combineByte(UInt8(truncatingIfNeeded: component.bitPattern >> shift))
      }
    }
  }

  private mutating func combineByte(_ byte: UInt8) {
    self.value = (self.value ^ UInt64(byte)) &* 0x100_0000_01b3
  }
}
