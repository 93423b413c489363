import SwiftProtobuf

/// Says what is wrong with a JSON text that should be a message, and where in it.
///
/// swift-protobuf's errors name no field, so a text that it refused is read once more, against the
/// message's descriptor.
struct JSONInspection {
  private let shapes: MessageShapes
  private let refusesUnknownFields: Bool
  private var reader: JSONReader
  /// Keys and indices from the outermost object to the value being read.
  private var path: [String] = []

  /// Throws the first problem of `text`, and returns when it finds none.
  ///
  /// - Parameters:
  ///   - message: Full name of the message that `text` should be.
  ///   - refusesUnknownFields: Whether a key that the message does not have is a problem.
  static func check(
    _ text: [UInt8],
    as message: String,
    in shapes: MessageShapes,
    refusesUnknownFields: Bool
  ) throws(RPCError) {
    let result = text.withUnsafeBytes { text -> Result<Void, RPCError> in
      var inspection = JSONInspection(
        shapes: shapes,
        refusesUnknownFields: refusesUnknownFields,
        reader: JSONReader(text)
      )
      do {
        try inspection.checkMessage(message)
        try inspection.reader.end()
        return .success(())
      } catch let error as RPCError {
        return .failure(error)
      } catch let fault as JSONFault {
        return .failure(inspection.error(of: fault))
      } catch {
        return .failure(RPCError(.internal, "the request could not be read"))
      }
    }
    try result.get()
  }

  private var field: String {
    self.path.reduce(into: "") { field, part in
      if !field.isEmpty, !part.hasPrefix("[") { field += "." }
      field += part
    }
  }

  private func invalid(_ description: String, _ reason: String) -> RPCError {
    .invalid(field: self.field, description, reason: reason)
  }

  private func wrongType(_ expected: String, _ found: JSONReader.Kind) -> RPCError {
    self.invalid("expected \(expected), found \(found.rawValue)", "WRONG_TYPE")
  }

  private func error(of fault: JSONFault) -> RPCError {
    switch fault.problem {
    case .loneSurrogate:
      return self.invalid("holds half of a surrogate pair, which is no character", "INVALID_TEXT")
    case .invalidUTF8: return self.invalid("is not valid UTF-8", "INVALID_TEXT")
    case .tooDeep:
      return .invalid(
        field: "",
        "the JSON nests deeper than \(JSONReader.maxDepth) levels",
        reason: "TOO_DEEP"
      )
    case .syntax(let expected):
      let (line, column) = Self.position(of: fault.offset, in: self.reader.text)
      return .invalid(
        field: "",
        "invalid JSON at line \(line), column \(column): expected \(expected)",
        reason: "INVALID_JSON"
      )
    }
  }

  /// Line and column of a byte, from 1; columns count Unicode scalars.
  private static func position(of offset: Int, in text: UnsafeRawBufferPointer) -> (Int, Int) {
    var line = 1
    var column = 1
    for byte in text.prefix(offset) {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return (line, column)
  }

  private mutating func checkMessage(_ name: String) throws {
    if try self.checkWellKnown(name) { return }
    let kind = try self.reader.kind()
    guard kind == .object else { throw self.wrongType("an object", kind) }
    guard let shape = self.shapes.messages[name] else { return try self.reader.skip() }
    var oneofs: Set<Int32> = []
    try self.reader.beginObject()
    while let key = try self.reader.nextKey() {
      guard let field = shape.fields[key] else {
        if self.refusesUnknownFields {
          self.path.append(Self.shortened(key))
          throw self.invalid("is not a known field", "UNKNOWN_FIELD")
        }
        try self.reader.skip()
        continue
      }
      self.path.append(field.jsonName)
      let isSet = try self.reader.kind() != .null
      if isSet, let oneof = field.oneof, !oneofs.insert(oneof).inserted {
        throw self.invalid("only one field of its group may be set", "CONFLICTING_FIELDS")
      }
      try self.checkField(field)
      self.path.removeLast()
    }
  }

  private mutating func checkField(_ field: MessageShapes.Field) throws {
    let kind = try self.reader.kind()
    if kind == .null { return try self.reader.skip() }
    guard field.isRepeated else { return try self.checkValue(field.kind) }
    if case .message(let name) = field.kind, let entry = self.shapes.messages[name],
      entry.isMapEntry
    {
      return try self.checkMap(entry)
    }
    guard kind == .list else { throw self.wrongType("a list", kind) }
    try self.reader.beginList()
    var index = 0
    while try self.reader.nextItem() {
      self.path.append("[\(index)]")
      try self.checkValue(field.kind)
      self.path.removeLast()
      index += 1
    }
  }

  private mutating func checkMap(_ entry: MessageShapes.Message) throws {
    let kind = try self.reader.kind()
    guard kind == .object else { throw self.wrongType("an object", kind) }
    try self.reader.beginObject()
    while let key = try self.reader.nextKey() {
      self.path.append("[\"\(Self.shortened(key))\"]")
      switch entry.fields["key"]?.kind {
      case .integer(let range): try self.checkInteger(key, range)
      case .unsigned(let max): try self.checkUnsigned(key, max: max)
      case .boolean where key != "true" && key != "false":
        throw self.invalid("expected a key that is true or false", "WRONG_TYPE")
      default: break
      }
      if let value = entry.fields["value"] {
        try self.checkValue(value.kind)
      } else {
        try self.reader.skip()
      }
      self.path.removeLast()
    }
  }

  private mutating func checkValue(_ expected: MessageShapes.Kind) throws {
    let kind = try self.reader.kind()
    switch (expected, kind) {
    case (.message(let name), _): try self.checkMessage(name)
    case (.integer(let range), .number): try self.checkInteger(try self.reader.number(), range)
    case (.integer(let range), .string): try self.checkInteger(try self.reader.string(), range)
    case (.unsigned(let max), .number):
      try self.checkUnsigned(try self.reader.number(), max: max)
    case (.unsigned(let max), .string):
      try self.checkUnsigned(try self.reader.string(), max: max)
    case (.float, .number):
      try self.checkReal(try self.reader.number(), Double(Float.greatestFiniteMagnitude))
    case (.float, .string):
      try self.checkReal(try self.reader.string(), Double(Float.greatestFiniteMagnitude))
    case (.double, .number): try self.checkReal(try self.reader.number(), .greatestFiniteMagnitude)
    case (.double, .string): try self.checkReal(try self.reader.string(), .greatestFiniteMagnitude)
    case (.boolean, .boolean): try self.reader.skip()
    case (.string, .string): try self.reader.skip()
    case (.bytes, .string):
      guard Base64.decode(try self.reader.string().utf8) != nil else {
        throw self.invalid("expected base64", "INVALID_BASE64")
      }
    case (.names(let name), .string): try self.checkName(try self.reader.string(), of: name)
    case (.names, .number):
      try self.checkInteger(try self.reader.number(), Int64(Int32.min)...Int64(Int32.max))
    default: throw self.wrongType(expected.name, kind)
    }
  }

  private func checkName(_ value: String, of name: String) throws {
    guard let names = self.shapes.enums[name], !names.contains(value) else { return }
    throw self.invalid("must be one of \(names.joined(separator: ", "))", "UNKNOWN_VALUE")
  }

  private func checkInteger(_ text: String, _ range: ClosedRange<Int64>) throws {
    let isWhole = try self.checkWhole(text)
    guard isWhole, let value = Int64(text) ?? Double(text).flatMap(Int64.init(exactly:)),
      range.contains(value)
    else {
      throw self.invalid("must be \(range.lowerBound)...\(range.upperBound)", "OUT_OF_RANGE")
    }
  }

  private func checkUnsigned(_ text: String, max: UInt64) throws {
    let isWhole = try self.checkWhole(text)
    guard isWhole, let value = UInt64(text) ?? Double(text).flatMap(UInt64.init(exactly:)),
      value <= max
    else { throw self.invalid("must be 0...\(max)", "OUT_OF_RANGE") }
  }

  /// Throws unless `text` is a number without a fraction.
  private func checkWhole(_ text: String) throws -> Bool {
    guard let value = Double(text), !value.isNaN else {
      throw self.wrongType("an integer", .string)
    }
    guard value.isInfinite || value.rounded() == value else {
      throw self.invalid("expected an integer, found a fraction", "WRONG_TYPE")
    }
    return value.isFinite
  }

  private func checkReal(_ text: String, _ max: Double) throws {
    if ["NaN", "Infinity", "-Infinity"].contains(text) { return }
    guard let value = Double(text), !text.isEmpty else {
      throw self.wrongType("a number", .string)
    }
    guard value.magnitude <= max else {
      throw self.invalid("must be \(-max)...\(max)", "OUT_OF_RANGE")
    }
  }

  /// Reads a message that has a JSON form of its own; returns false, having read nothing, for
  /// every other one.
  ///
  /// Source: https://protobuf.dev/programming-guides/json/
  private mutating func checkWellKnown(_ name: String) throws -> Bool {
    switch name {
    case "google.protobuf.Duration":
      try self.checkText("a duration such as \"1.5s\"") {
        (try? Google_Protobuf_Duration(jsonString: $0)) != nil
      }
    case "google.protobuf.Timestamp":
      try self.checkText("a time such as \"2026-01-31T12:00:00Z\"") {
        (try? Google_Protobuf_Timestamp(jsonString: $0)) != nil
      }
    case "google.protobuf.Any", "google.protobuf.Struct", "google.protobuf.Value",
      "google.protobuf.ListValue", "google.protobuf.FieldMask":
      try self.reader.skip()
    default:
      guard name.hasPrefix("google.protobuf."), name.hasSuffix("Value"),
        let value = self.shapes.messages[name]?.fields["value"]
      else { return false }
      try self.checkValue(value.kind)
    }
    return true
  }

  private mutating func checkText(_ expected: String, _ isValid: (String) -> Bool) throws {
    let kind = try self.reader.kind()
    guard kind == .string else { throw self.wrongType(expected, kind) }
    guard isValid(try self.reader.source()) else {
      throw self.invalid("expected \(expected)", "INVALID_TEXT")
    }
  }

  /// A key of the caller's, short enough for a message.
  private static func shortened(_ key: String) -> String {
    key.unicodeScalars.count <= 64
      ? key : String(String.UnicodeScalarView(key.unicodeScalars.prefix(64))) + "…"
  }
}

extension MessageShapes.Kind {
  fileprivate var name: String {
    switch self {
    case .integer, .unsigned: "an integer"
    case .float, .double: "a number"
    case .boolean: "a boolean"
    case .string: "a string"
    case .bytes: "base64 in a string"
    case .names: "the name of a value"
    case .message: "an object"
    }
  }
}
