/// The parameters of a URL.
///
/// Source: https://url.spec.whatwg.org/#urlencoded-parsing
struct Query {
  private var parameters: [(name: Substring, value: Substring)] = []

  init(_ query: Substring?) {
    for parameter in query?.utf8.split(separator: UInt8(ascii: "&")) ?? [] {
      let parts = parameter.split(
        separator: UInt8(ascii: "="),
        maxSplits: 1,
        omittingEmptySubsequences: false
      )
      self.parameters.append((Substring(parts[0]), parts.count > 1 ? Substring(parts[1]) : ""))
    }
  }

  /// The first value of a parameter, decoded; `nil` when the query does not have it.
  subscript(name: String) -> [UInt8]? {
    self.parameters.first { $0.name == name }.map { Self.decode($0.value) }
  }

  /// The first value of a parameter as text.
  func text(_ name: String) -> String? {
    self[name].map { String(decoding: $0, as: UTF8.self) }
  }

  /// A "+" is a space, and a "%" that two hexadecimal digits don't follow stands for itself.
  private static func decode(_ value: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(value.utf8.count)
    var rest = value.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        let digits = rest.prefix(2)
        let isHexadecimal = digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        if digits.count == 2, isHexadecimal, let decoded = UInt8(Substring(digits), radix: 16) {
          bytes.append(decoded)
          rest = rest.dropFirst(2)
        } else {
          bytes.append(byte)
        }
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  /// A value as it stands in a query: all but unreserved characters behind a "%".
  static func encode(_ value: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(value.count * 3)
    for byte in value {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        bytes.append(byte)
      default:
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
