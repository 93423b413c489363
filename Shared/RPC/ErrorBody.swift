/// The JSON body of a response that is an error.
///
/// Source: https://connectrpc.com/docs/protocol#error-end-stream
enum ErrorBody {
  /// Returns `{"code":…,"message":…,"details":[…]}` without the keys that have nothing to say.
  static func encode(_ error: RPCError) -> [UInt8] { Array(self.text(error).utf8) }

  static func text(_ error: RPCError) -> String {
    var text = "{\"code\":\"\(error.code.name)\""
    if !error.message.isEmpty {
      text += ",\"message\":"
      self.append(error.message, to: &text)
    }
    if !error.details.isEmpty {
      text += ",\"details\":["
      for (index, detail) in error.details.enumerated() {
        text += index == 0 ? "{\"type\":" : ",{\"type\":"
        self.append(detail.type, to: &text)
        text += ",\"value\":\"\(Base64.encode(detail.value))\""
        if let debug = detail.debug { text += ",\"debug\":\(debug)" }
        text += "}"
      }
      text += "]"
    }
    text += "}"
    return text
  }

  /// A string as JSON writes it.
  static func quoted(_ value: String) -> String {
    var text = ""
    self.append(value, to: &text)
    return text
  }

  private static func append(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  /// What an error's body says.
  struct Contents {
    var code: Code?
    var message: String?
    var details: [ErrorDetail] = []
  }

  /// Reads a body, or returns `nil` when it is no JSON object.
  ///
  /// Members of another type than they should have are passed over, so that a proxy's own error
  /// page in JSON still gives an error.
  static func decode(_ bytes: [UInt8]) -> Contents? {
    bytes.withUnsafeBytes { bytes -> Contents? in
      var reader = JSONReader(bytes)
      return try? self.contents(&reader)
    }
  }

  private static func contents(_ reader: inout JSONReader) throws(JSONFault) -> Contents? {
    guard try reader.kind() == .object else { return nil }
    let contents = try self.members(&reader)
    try reader.end()
    return contents
  }

  /// Reads the object that stands next.
  static func members(_ reader: inout JSONReader) throws(JSONFault) -> Contents {
    var contents = Contents()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch (key, try reader.kind()) {
      case ("code", .string): contents.code = Code(name: try reader.string())
      case ("message", .string): contents.message = try reader.string()
      case ("details", .list):
        try reader.beginList()
        while try reader.nextItem() {
          if let detail = try self.detail(&reader) { contents.details.append(detail) }
        }
      default: try reader.skip()
      }
    }
    return contents
  }

  private static func detail(_ reader: inout JSONReader) throws(JSONFault) -> ErrorDetail? {
    guard try reader.kind() == .object else {
      try reader.skip()
      return nil
    }
    var type: String?
    var value: [UInt8]?
    var debug: String?
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch (key, try reader.kind()) {
      case ("type", .string): type = try reader.string()
      case ("value", .string): value = Base64.decode(try reader.string().utf8)
      case ("debug", _): debug = try reader.source()
      default: try reader.skip()
      }
    }
    guard let type, let value else { return nil }
    return ErrorDetail(type: type, value: value, debug: debug)
  }
}
