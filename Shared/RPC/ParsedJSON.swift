/// A JSON text as a value, for the few texts whose shape has to be looked at piece by piece.
package enum ParsedJSON: Sendable, Hashable {
  /// Of members with the same key, the last.
  case object([String: ParsedJSON])
  case list([ParsedJSON])
  case string(String)
  /// As it was written.
  case number(String)
  case boolean(Bool)
  case null

  /// Why a text is no JSON.
  package struct Malformed: Error, Sendable, Hashable, CustomStringConvertible {
    /// In bytes from the start of the text.
    package let offset: Int
    package let description: String
  }

  /// Reads a whole text.
  package init(_ text: [UInt8]) throws(Malformed) {
    let result = text.withUnsafeBytes { bytes -> Result<ParsedJSON, JSONFault> in
      var reader = JSONReader(bytes)
      return Result { () throws(JSONFault) in
        let value = try Self.read(&reader)
        try reader.end()
        return value
      }
    }
    switch result {
    case .success(let value): self = value
    case .failure(let fault): throw Malformed(offset: fault.offset, description: fault.reason)
    }
  }

  private static func read(_ reader: inout JSONReader) throws(JSONFault) -> ParsedJSON {
    switch try reader.kind() {
    case .object:
      var members: [String: ParsedJSON] = [:]
      try reader.beginObject()
      while let key = try reader.nextKey() { members[key] = try self.read(&reader) }
      return .object(members)
    case .list:
      var items: [ParsedJSON] = []
      try reader.beginList()
      while try reader.nextItem() { items.append(try self.read(&reader)) }
      return .list(items)
    case .string: return .string(try reader.string())
    case .number: return .number(try reader.number())
    case .boolean: return .boolean(try reader.word() == "true")
    case .null:
      _ = try reader.word()
      return .null
    }
  }
}

extension JSONFault {
  fileprivate var reason: String {
    switch self.problem {
    case .syntax(let expected): "expected \(expected)"
    case .loneSurrogate: "half of a surrogate pair"
    case .invalidUTF8: "invalid UTF-8"
    case .tooDeep: "nested too deeply"
    case .misfit(let text, _): text
    }
  }
}
