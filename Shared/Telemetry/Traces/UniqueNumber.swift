import Synchronization

/// Numbers for names that must not come twice.
package enum UniqueNumber {
  private static let seed = UInt64.random(in: .min ... .max)
  private static let count = Atomic<UInt64>(0)

  /// Never the same number twice in one process, and no order that can be seen.
  package static func next() -> UInt64 {
    let number = self.count.wrappingAdd(1, ordering: .relaxed).newValue
    // SplitMix64's mixing is a bijection, so distinct counts stay distinct.
    // Source: https://prng.di.unimi.it/splitmix64.c
    var mixed = self.seed &+ number &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension UnsafeMutableBufferPointer<UInt8> {
  /// Writes `number` as 16 hexadecimal digits from `offset` on.
  package func writeHex(_ number: UInt64, at offset: Int) {
    for index in 0..<16 {
      let nibble = UInt8(truncatingIfNeeded: number >> UInt64(60 - index * 4)) & 15
      self[offset + index] =
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
    }
  }
}
