import Telemetry

/// The name of a call in logs and errors, on every machine that it crosses.
enum RequestID {
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
    let number = UniqueNumber.next()
    return String(unsafeUninitializedCapacity: 16) { digits in
      digits.initialize(repeating: 0)
      digits.writeHex(number, at: 0)
      return 16
    }
  }
}
