extension String {
  /// Appends `text` as a JSON string.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc8259#section-7
  package mutating func appendJSON(_ text: String) {
    self += "\""
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
    {
      self += text
    } else {
      self.appendEscaped(text)
    }
    self += "\""
  }

  private mutating func appendEscaped(_ text: String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": self += "\\\""
      case "\\": self += "\\\\"
      case "\n": self += "\\n"
      case "\r": self += "\\r"
      case "\t": self += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        self += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: self.unicodeScalars.append(scalar)
      }
    }
  }
}
