/// A list of texts as Python prints it: `['drama', "it's"]`; also as a tuple or a set.
///
/// Source: https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals
struct PythonList {
  /// What is wrong with the literal; quotes nothing from it.
  struct Malformed: Error, Hashable {
    let reason: String
  }

  private var rest: Substring.UnicodeScalarView

  /// - Returns: No texts for an empty or blank literal.
  static func texts(_ literal: String) throws(Malformed) -> [String] {
    var parser = PythonList(rest: Substring(literal).unicodeScalars)
    return try parser.list()
  }

  private mutating func list() throws(Malformed) -> [String] {
    self.skipSpace()
    guard let opening = self.rest.popFirst() else { return [] }
    if opening == "s" {
      try self.expect("et()")
      try self.expectEnd()
      return []
    }
    let closings: [Unicode.Scalar: Unicode.Scalar] = ["[": "]", "{": "}", "(": ")"]
    guard let closing = closings[opening] else { throw Malformed(reason: "is not a list") }
    var texts: [String] = []
    while true {
      self.skipSpace()
      if self.skip(closing) { break }
      texts.append(try self.text())
      self.skipSpace()
      if self.skip(closing) { break }
      guard self.skip(",") else { throw Malformed(reason: "is a list without a comma or an end") }
    }
    try self.expectEnd()
    return texts
  }

  private mutating func text() throws(Malformed) -> String {
    guard let quote = self.rest.popFirst(), quote == "'" || quote == "\"" else {
      throw Malformed(reason: "is a list of something else than quoted texts")
    }
    var text = String.UnicodeScalarView()
    while let scalar = self.rest.popFirst() {
      if scalar == quote { return String(text) }
      if scalar == "\\" {
        try self.escape(into: &text)
      } else {
        text.append(scalar)
      }
    }
    throw Malformed(reason: "has a text without a closing quote")
  }

  private mutating func escape(into text: inout String.UnicodeScalarView) throws(Malformed) {
    switch self.rest.popFirst() {
    case "\\": text.append("\\")
    case "'": text.append("'")
    case "\"": text.append("\"")
    case "n": text.append("\n")
    case "r": text.append("\r")
    case "t": text.append("\t")
    case "x": text.append(try self.scalar(digits: 2))
    case "u": text.append(try self.scalar(digits: 4))
    case "U": text.append(try self.scalar(digits: 8))
    case "\n": break
    case .some(let other):
      text.append("\\")
      text.append(other)
    case nil: throw Malformed(reason: "has a text without a closing quote")
    }
  }

  private mutating func scalar(digits: Int) throws(Malformed) -> Unicode.Scalar {
    let code = String(self.rest.prefix(digits))
    let isHex = code.utf8.count == digits && code.allSatisfy(\.isHexDigit)
    guard isHex, let value = UInt32(code, radix: 16), let scalar = Unicode.Scalar(value) else {
      throw Malformed(reason: "has a malformed escape in a text")
    }
    self.rest.removeFirst(digits)
    return scalar
  }

  private mutating func expect(_ text: String) throws(Malformed) {
    for scalar in text.unicodeScalars where !self.skip(scalar) {
      throw Malformed(reason: "is not a list")
    }
  }

  private mutating func expectEnd() throws(Malformed) {
    self.skipSpace()
    guard self.rest.isEmpty else { throw Malformed(reason: "goes on after the list") }
  }

  private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard self.rest.first == scalar else { return false }
    self.rest.removeFirst()
    return true
  }

  private mutating func skipSpace() {
    while let scalar = self.rest.first, scalar.properties.isWhitespace { self.rest.removeFirst() }
  }
}
