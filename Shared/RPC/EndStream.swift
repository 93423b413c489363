import HTTPMessage

/// The last envelope of a stream: an error, if there was one, and what else the server had to say.
///
/// Source: https://connectrpc.com/docs/protocol#error-end-stream
enum EndStream {
  /// Returns `{"error":…,"metadata":…}` without the keys that have nothing to say.
  static func encode(_ error: RPCError?, _ trailers: HeaderFields) -> String {
    var members: [String] = []
    if let error { members.append("\"error\":\(ErrorBody.text(error))") }
    if !trailers.fields.isEmpty { members.append("\"metadata\":\(self.metadata(trailers))") }
    return "{\(members.joined(separator: ","))}"
  }

  /// Returns `{"name":["value",…],…}`, each name once.
  private static func metadata(_ fields: HeaderFields) -> String {
    var names: [String] = []
    for field in fields.fields where !names.contains(field.name) { names.append(field.name) }
    let members = names.map { name in
      let values = fields.values(of: name).map(ErrorBody.quoted).joined(separator: ",")
      return "\(ErrorBody.quoted(name)):[\(values)]"
    }
    return "{\(members.joined(separator: ","))}"
  }

  struct Contents {
    var error: ErrorBody.Contents?
    var metadata: HeaderFields = [:]
  }

  /// Reads an end, or returns `nil` when it is none.
  static func decode(_ bytes: [UInt8]) -> Contents? {
    bytes.withUnsafeBytes { bytes -> Contents? in
      var reader = JSONReader(bytes)
      return try? self.contents(&reader)
    }
  }

  private static func contents(_ reader: inout JSONReader) throws(JSONFault) -> Contents? {
    guard try reader.kind() == .object else { return nil }
    var contents = Contents()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch (key, try reader.kind()) {
      case ("error", .object): contents.error = try ErrorBody.members(&reader)
      case ("metadata", .object): try self.readMetadata(&reader, into: &contents.metadata)
      default: try reader.skip()
      }
    }
    try reader.end()
    return contents
  }

  private static func readMetadata(
    _ reader: inout JSONReader,
    into fields: inout HeaderFields
  ) throws(JSONFault) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      guard try reader.kind() == .list else {
        try reader.skip()
        continue
      }
      let name = key.lowercased()
      try reader.beginList()
      while try reader.nextItem() {
        if try reader.kind() == .string {
          fields.append(name, try reader.string())
        } else {
          try reader.skip()
        }
      }
    }
  }
}
