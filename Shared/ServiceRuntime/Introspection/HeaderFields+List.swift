import HTTPMessage

extension HeaderFields {
  /// The fields of a list such as "api-key=KEY,tenant=NAME", or `nil` of a malformed one.
  ///
  /// Values are percent-encoded, as those of W3C Baggage are; a plus sign is one.
  ///
  /// Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
  init?(list: String) {
    self.init()
    for pair in list.split(separator: ",").map({ Self.trimmed($0) }) where !pair.isEmpty {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { Self.trimmed($0) }
      guard parts.count == 2, Self.isName(parts[0]), let value = Self.decoded(parts[1]) else {
        return nil
      }
      self.append(parts[0].lowercased(), value)
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop { $0 == " " || $0 == "\t" }
    guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return start[...end]
  }

  /// Whether it is a token.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
  private static func isName(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.allSatisfy { character in
        character.isASCII
          && (character.isLetter || character.isNumber || "!#$%&'*+-.^_`|~".contains(character))
      }
  }

  private static func decoded(_ text: Substring) -> String? {
    let text = Array(text.utf8)
    var bytes: [UInt8] = []
    var index = 0
    while index < text.count {
      if text[index] == UInt8(ascii: "%") {
        guard index + 2 < text.count, let high = Self.digit(text[index + 1]),
          let low = Self.digit(text[index + 2])
        else { return nil }
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(text[index])
        index += 1
      }
    }
    // A line break would begin another field.
    guard bytes.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
  }
}
