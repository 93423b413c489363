/// Says what is wrong with a JSON text that should be a message, and where in it.
///
/// swift-protobuf's errors name no field, so a text that it refused is read once more, against the
/// message's descriptor.
struct JSONInspection {
  let shapes: MessageShapes
  private let refusesUnknownFields: Bool
  var reader: JSONReader
  /// Keys and indices from the outermost object to the value being read.
  private var path: [String] = []

  /// Finds the first problem of `text` as a message with the full name `message`.
  ///
  /// A key that the message does not have is a problem only for one who `refusesUnknownFields`.
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
      do throws(JSONFault) {
        try inspection.checkMessage(message)
        try inspection.reader.end()
        return .success(())
      } catch {
        return .failure(inspection.error(of: error))
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

  func misfit(_ description: String, _ reason: String) -> JSONFault {
    self.reader.fault(.misfit(description, reason: reason))
  }

  func wrongType(_ expected: String, _ found: JSONReader.Kind) -> JSONFault {
    self.misfit("expected \(expected), found \(found.rawValue)", "WRONG_TYPE")
  }

  private func error(of fault: JSONFault) -> RPCError {
    switch fault.problem {
    case .misfit(let description, let reason):
      return .invalid(field: self.field, description, reason: reason)
    case .loneSurrogate:
      return .invalid(
        field: self.field,
        "holds half of a surrogate pair, which is no character",
        reason: "INVALID_TEXT"
      )
    case .invalidUTF8:
      return .invalid(field: self.field, "is not valid UTF-8", reason: "INVALID_TEXT")
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

  private mutating func checkMessage(_ name: String) throws(JSONFault) {
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
          throw self.misfit("is not a known field", "UNKNOWN_FIELD")
        }
        try self.reader.skip()
        continue
      }
      self.path.append(field.jsonName)
      let isSet = try self.reader.kind() != .null
      if isSet, let oneof = field.oneof, !oneofs.insert(oneof).inserted {
        throw self.misfit("only one field of its group may be set", "CONFLICTING_FIELDS")
      }
      try self.checkField(field)
      self.path.removeLast()
    }
  }

  private mutating func checkField(_ field: MessageShapes.Field) throws(JSONFault) {
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

  private mutating func checkMap(_ entry: MessageShapes.Message) throws(JSONFault) {
    let kind = try self.reader.kind()
    guard kind == .object else { throw self.wrongType("an object", kind) }
    try self.reader.beginObject()
    while let key = try self.reader.nextKey() {
      self.path.append("[\"\(Self.shortened(key))\"]")
      switch entry.fields["key"]?.kind {
      case .integer(let range): try self.checkInteger(key, range)
      case .unsigned(let max): try self.checkUnsigned(key, max: max)
      case .boolean where key != "true" && key != "false":
        throw self.misfit("expected a key that is true or false", "WRONG_TYPE")
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

  mutating func checkValue(_ expected: MessageShapes.Kind) throws(JSONFault) {
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
        throw self.misfit("expected base64", "INVALID_BASE64")
      }
    case (.names(let name), .string): try self.checkName(try self.reader.string(), of: name)
    case (.names, .number):
      try self.checkInteger(try self.reader.number(), Int64(Int32.min)...Int64(Int32.max))
    default: throw self.wrongType(expected.name, kind)
    }
  }

  /// A key of the caller's, short enough for a message.
  private static func shortened(_ key: String) -> String {
    key.unicodeScalars.count <= 64
      ? key : String(String.UnicodeScalarView(key.unicodeScalars.prefix(64))) + "…"
  }
}
