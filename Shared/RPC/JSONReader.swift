/// Why a text is not the JSON that it should be, and where.
struct JSONFault: Error {
  enum Problem: Hashable {
    /// What was expected, as in "a colon".
    case syntax(expected: String)
    /// Half of a surrogate pair, which is no character.
    case loneSurrogate
    case invalidUTF8
    case tooDeep
    /// The value is JSON, but not what is allowed there.
    case misfit(String, reason: String)
  }

  var problem: Problem
  /// In bytes from the start of the text.
  var offset: Int
}

/// Reads a JSON text from start to end, one value at a time, and keeps nothing of it.
///
/// It serves where a text has to be looked at closely: what is wrong with a request, and what an
/// error says. swift-protobuf reads the rest.
///
/// Source: https://www.rfc-editor.org/rfc/rfc8259
struct JSONReader {
  enum Kind: String {
    case object = "an object"
    case list = "a list"
    case string = "a string"
    case number = "a number"
    case boolean = "a boolean"
    case null
  }

  /// Objects and lists within each other.
  static let maxDepth = 100

  private static let decimalDigits = UInt8(ascii: "0")...UInt8(ascii: "9")

  let text: UnsafeRawBufferPointer
  private(set) var offset = 0
  /// Whether the object or list that was just begun has had a member.
  private var hasMembers: [Bool] = []

  init(_ text: UnsafeRawBufferPointer) {
    self.text = text
  }

  private var next: UInt8? { self.offset < self.text.count ? self.text[self.offset] : nil }

  func fault(_ problem: JSONFault.Problem) -> JSONFault {
    JSONFault(problem: problem, offset: self.offset)
  }

  private mutating func skipSpace() {
    while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      self.offset += 1
    }
  }

  /// What the next value is; it is not read.
  mutating func kind() throws(JSONFault) -> Kind {
    self.skipSpace()
    switch self.next {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .list
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"): return .number
    case let byte? where Self.decimalDigits.contains(byte): return .number
    default: throw self.fault(.syntax(expected: "a value"))
    }
  }

  /// Makes sure that nothing but space follows.
  mutating func end() throws(JSONFault) {
    self.skipSpace()
    guard self.next == nil else { throw self.fault(.syntax(expected: "the end of the text")) }
  }

  mutating func beginObject() throws(JSONFault) { try self.begin(UInt8(ascii: "{"), "an object") }

  mutating func beginList() throws(JSONFault) { try self.begin(UInt8(ascii: "["), "a list") }

  private mutating func begin(_ bracket: UInt8, _ name: String) throws(JSONFault) {
    self.skipSpace()
    guard self.next == bracket else { throw self.fault(.syntax(expected: name)) }
    guard self.hasMembers.count < Self.maxDepth else { throw self.fault(.tooDeep) }
    self.offset += 1
    self.hasMembers.append(false)
  }

  /// The key before the next value of an object, or `nil` at its end.
  mutating func nextKey() throws(JSONFault) -> String? {
    guard try self.nextMember(until: UInt8(ascii: "}"), "a comma or a closing brace") else {
      return nil
    }
    self.skipSpace()
    guard self.next == UInt8(ascii: "\"") else { throw self.fault(.syntax(expected: "a key")) }
    let key = try self.string()
    self.skipSpace()
    guard self.next == UInt8(ascii: ":") else { throw self.fault(.syntax(expected: "a colon")) }
    self.offset += 1
    return key
  }

  /// Whether a list has another value.
  mutating func nextItem() throws(JSONFault) -> Bool {
    try self.nextMember(until: UInt8(ascii: "]"), "a comma or a closing bracket")
  }

  private mutating func nextMember(
    until bracket: UInt8,
    _ separator: String
  ) throws(JSONFault) -> Bool {
    self.skipSpace()
    if self.next == bracket {
      self.offset += 1
      self.hasMembers.removeLast()
      return false
    }
    guard self.hasMembers[self.hasMembers.count - 1] else {
      self.hasMembers[self.hasMembers.count - 1] = true
      return true
    }
    guard self.next == UInt8(ascii: ",") else { throw self.fault(.syntax(expected: separator)) }
    self.offset += 1
    self.skipSpace()
    guard self.next != bracket else { throw self.fault(.syntax(expected: "a member")) }
    return true
  }

  /// Reads any value; returns its text.
  mutating func source() throws(JSONFault) -> String {
    self.skipSpace()
    let start = self.offset
    try self.skip()
    return String(decoding: self.text[start..<self.offset], as: UTF8.self)
  }

  /// Reads any value.
  mutating func skip() throws(JSONFault) {
    switch try self.kind() {
    case .object:
      try self.beginObject()
      while try self.nextKey() != nil { try self.skip() }
    case .list:
      try self.beginList()
      while try self.nextItem() { try self.skip() }
    case .string: _ = try self.string()
    case .number: _ = try self.number()
    case .boolean, .null: _ = try self.word()
    }
  }

  /// Reads true, false or null; returns which one it is.
  mutating func word() throws(JSONFault) -> String {
    self.skipSpace()
    for word in ["true", "false", "null"] {
      let end = self.offset + word.utf8.count
      if end <= self.text.count, self.text[self.offset..<end].elementsEqual(word.utf8) {
        self.offset = end
        return word
      }
    }
    throw self.fault(.syntax(expected: "true, false or null"))
  }

  /// Reads a number; returns its text.
  mutating func number() throws(JSONFault) -> String {
    self.skipSpace()
    let start = self.offset
    if self.next == UInt8(ascii: "-") { self.offset += 1 }
    if self.next == UInt8(ascii: "0") { self.offset += 1 } else { try self.digits() }
    if self.next == UInt8(ascii: ".") {
      self.offset += 1
      try self.digits()
    }
    if self.next == UInt8(ascii: "e") || self.next == UInt8(ascii: "E") {
      self.offset += 1
      if self.next == UInt8(ascii: "+") || self.next == UInt8(ascii: "-") { self.offset += 1 }
      try self.digits()
    }
    return String(decoding: self.text[start..<self.offset], as: UTF8.self)
  }

  private mutating func digits() throws(JSONFault) {
    let start = self.offset
    while let byte = self.next, Self.decimalDigits.contains(byte) {
      self.offset += 1
    }
    guard self.offset > start else { throw self.fault(.syntax(expected: "a digit")) }
  }

  /// Reads a string; returns what it stands for.
  mutating func string() throws(JSONFault) -> String {
    self.skipSpace()
    guard self.next == UInt8(ascii: "\"") else { throw self.fault(.syntax(expected: "a string")) }
    let start = self.offset
    self.offset += 1
    var bytes: [UInt8] = []
    while let byte = self.next, byte != UInt8(ascii: "\"") {
      if byte == UInt8(ascii: "\\") {
        bytes.append(contentsOf: try self.escape().utf8)
      } else if byte < 0x20 {
        throw self.fault(.syntax(expected: "an escaped control character"))
      } else {
        bytes.append(byte)
        self.offset += 1
      }
    }
    guard self.next != nil else { throw self.fault(.syntax(expected: "a closing quote")) }
    self.offset += 1
    guard let string = String(validating: bytes, as: UTF8.self) else {
      throw JSONFault(problem: .invalidUTF8, offset: start)
    }
    return string
  }

  private mutating func escape() throws(JSONFault) -> String {
    let start = self.offset
    self.offset += 1
    let escaped = self.next
    self.offset += 1
    switch escaped {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let unit = try self.hexadecimal()
      if let scalar = Unicode.Scalar(unit) { return String(scalar) }
      let isPair =
        unit < 0xDC00 && self.text[self.offset...].starts(with: Array("\\u".utf8))
      if isPair {
        self.offset += 2
        let low = try self.hexadecimal()
        if 0xDC00...0xDFFF ~= low,
          let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        {
          return String(scalar)
        }
      }
      throw JSONFault(problem: .loneSurrogate, offset: start)
    default:
      throw JSONFault(problem: .syntax(expected: "a valid escape"), offset: start)
    }
  }

  private mutating func hexadecimal() throws(JSONFault) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = self.next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw self.fault(.syntax(expected: "four hexadecimal digits"))
      }
      unit = unit << 4 | UInt32(digit)
      self.offset += 1
    }
    return unit
  }
}
