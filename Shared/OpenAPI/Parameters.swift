import JSONText

/// The header fields of requests and responses that are described once for all methods.
enum Parameters {
  private static let fields: [(key: String, name: String, description: String, schema: JSONValue)] =
    [
      (
        "ConnectTimeoutMs", "Connect-Timeout-Ms",
        "Milliseconds that the caller waits, at most 10 digits; shortened to the server's limit.",
        ["type": "string", "pattern": "^[0-9]{1,10}$"]
      ),
      (
        "ConnectProtocolVersion", "Connect-Protocol-Version", "The version of the protocol.",
        ["type": "string", "enum": ["1"]]
      ),
      (
        "XRequestId", "X-Request-Id",
        "The name of the call in logs and errors; replaced unless it is 1 to 128 letters, digits "
          + "and any of `._-`.",
        ["type": "string"]
      ),
      (
        "Prefer", "Prefer", "With `handling=strict`, fields that are not known are refused.",
        ["type": "string", "examples": ["handling=strict"]]
      ),
    ]

  static var json: [(String, JSONValue)] {
    self.fields.map { key, name, description, schema in
      (
        key,
        [
          "name": .string(name), "in": "header", "description": .string(description),
          "schema": schema,
        ]
      )
    }
  }

  /// - Parameter isQuery: Whether the query says the protocol's version, so that no field does.
  /// - Returns: References to the parameters of a call.
  static func references(isQuery: Bool) -> [JSONValue] {
    self.fields.filter { !isQuery || $0.key != "ConnectProtocolVersion" }.map {
      ["$ref": .string("#/components/parameters/\($0.key)")]
    }
  }

  private static let sent: [(name: String, description: String)] = [
    ("Accept-Post", "The content types that are understood."),
    ("Allow", "The HTTP methods that are understood."),
    ("Retry-After", "Whole seconds to wait before the next attempt."),
    ("Retry-After-Ms", "Milliseconds to wait before the next attempt."),
    ("Server-Timing", "How long the parts of the work took, in milliseconds."),
    ("X-Request-Id", "The name of the call in logs and errors."),
  ]

  static var responseHeaders: [(String, JSONValue)] {
    self.sent.map { name, description in
      (name, ["description": .string(description), "schema": ["type": "string"]])
    }
  }

  /// References to response header fields.
  static func headers(_ names: [String]) -> JSONValue {
    .members(names.map { ($0, ["$ref": .string("#/components/headers/\($0)")]) })
  }
}
