import Synchronization

/// The name of a call in logs and errors, on every machine that it crosses.
enum RequestID {
  private static let seed = UInt64.random(in: .min ... .max)
  private static let count = Atomic<UInt64>(0)

  /// Whether `value` is 1 to 128 of `[A-Za-z0-9._-]`.
  static func isValid(_ value: String) -> Bool {
    let bytes = value.utf8
    return (1...128).contains(bytes.count)
      && bytes.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// Returns 16 hexadecimal digits, never the same ones twice in one process.
  static func make() -> String {
    let number = self.count.wrappingAdd(1, ordering: .relaxed).newValue
    // SplitMix64's mixing is a bijection, so distinct counts stay distinct.
    // Source: https://prng.di.unimi.it/splitmix64.c
    var mixed = self.seed &+ number &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    mixed ^= mixed >> 31
    return String(unsafeUninitializedCapacity: 16) { digits in
      for index in 0..<16 {
        let nibble = UInt8(truncatingIfNeeded: mixed >> UInt64(60 - index * 4)) & 15
        digits[index] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
      }
      return 16
    }
  }
}
