import JSONText

/// Connect's errors as OpenAPI describes them.
///
/// Source: https://connectrpc.com/docs/protocol#error-end-stream
enum Errors {
  private static let codes = [
    "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists",
    "permission_denied", "resource_exhausted", "failed_precondition", "aborted", "out_of_range",
    "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated",
  ]

  static let schema: JSONValue = [
    "type": "object",
    "description": "How a call fails, with the HTTP status of its code.",
    "required": ["code"],
    "properties": [
      "code": ["type": "string", "enum": .array(Self.codes.map { .string($0) })],
      "message": ["type": "string", "description": "For people to read."],
      "details": [
        "type": "array",
        "description": .string(
          "The first is a google.rpc.ErrorInfo, whose `reason` is for programs to compare; "
            + "google.rpc.BadRequest names the field at fault by its JSON path."
        ),
        "items": [
          "type": "object",
          "required": ["type", "value"],
          "properties": [
            "type": ["type": "string", "description": "As in \"google.rpc.ErrorInfo\"."],
            "value": [
              "type": "string", "contentEncoding": "base64",
              "description": "The detail in protobuf's binary form, unpadded.",
            ],
            "debug": ["description": "The detail as JSON."],
          ],
        ],
      ],
    ],
    "examples": [
      [
        "code": "invalid_argument",
        "message": "limit: must be 1...100, is 101",
        "details": [
          [
            "type": "google.rpc.ErrorInfo",
            "value": "CgxPVVRfT0ZfUkFOR0USCm5ldGZsaXhncHQ",
            "debug": ["reason": "OUT_OF_RANGE", "domain": "netflixgpt"],
          ]
        ],
      ]
    ],
  ]

  /// By status, what it means and which fields it brings besides those of every answer.
  private static let statuses: [(status: Int, meaning: String, fields: [String])] = [
    (400, "A field, the body, the query or a header field is wrong; or the state forbids it.", []),
    (401, "The key or token is missing, unknown or expired.", []),
    (403, "The caller may not do this.", []),
    (404, "There is no such thing, or no such path.", []),
    (405, "The HTTP method is not one of those in `Allow`.", ["Allow"]),
    (408, "The request did not arrive in time.", []),
    (409, "Another call with the same key is under way.", []),
    (415, "The content type is not one of those in `Accept-Post`.", ["Accept-Post"]),
    (429, "Too much was sent.", ["Retry-After", "Retry-After-Ms"]),
    (431, "The header fields are too large.", []),
    (499, "The caller went away.", []),
    (500, "The server failed.", []),
    (501, "The content encoding is not one of those in `Accept-Encoding`.", []),
    (503, "The server, or one behind it, can't answer now.", ["Retry-After", "Retry-After-Ms"]),
    (504, "The time limit passed.", []),
  ]

  /// For the responses of a method.
  static var references: [(String, JSONValue)] {
    self.statuses.map {
      ("\($0.status)", ["$ref": .string("#/components/responses/\(Self.name($0.status))")])
    }
  }

  static func reference(_ status: Int) -> (String, JSONValue) {
    ("\(status)", ["$ref": .string("#/components/responses/\(Self.name(status))")])
  }

  static var responses: [(String, JSONValue)] {
    self.statuses.map { status, meaning, fields in
      (
        Self.name(status),
        [
          "description": .string(meaning),
          "headers": Parameters.headers(["X-Request-Id"] + fields),
          "content": [
            "application/json": ["schema": ["$ref": MessageSchemas.reference("connect.Error")]]
          ],
        ]
      )
    }
  }

  private static func name(_ status: Int) -> String { "Status\(status)" }
}
