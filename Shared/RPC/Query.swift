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
}
