import JSONText
import SwiftProtobuf

/// What can be sent to the path of one method.
struct Operations {
  private let path: String
  private let method: Descriptors.Method
  private let input: String
  private let output: String
  private let example: JSONValue?
  private let outputExample: JSONValue?

  init(path: String, method: Descriptors.Method, _ descriptors: Descriptors) {
    self.path = path
    self.method = method
    self.input = MessageSchemas.name(method.descriptor.inputType)
    self.output = MessageSchemas.name(method.descriptor.outputType)
    func example(_ name: String) -> JSONValue? {
      descriptors.messages[name]?.comment.example.map { .verbatim($0) }
    }
    self.example = example(self.input)
    self.outputExample = example(self.output)
  }

  var json: JSONValue {
    let isSafe =
      self.method.descriptor.options.idempotencyLevel == .noSideEffects
      && !self.method.descriptor.serverStreaming
    return .members(["post": self.post, "get": isSafe ? self.get : nil])
  }

  private var name: String {
    let service = self.method.service.split(separator: ".").last ?? ""
    return "\(service)_\(self.method.descriptor.name)"
  }

  private func operation(
    id: String,
    _ parameters: [JSONValue],
    _ body: JSONValue?
  ) -> JSONValue {
    .members([
      "operationId": .string(id),
      "tags": [.string(self.method.service)],
      "summary": .string(self.method.comment.summary),
      "description": self.method.comment.description.map { .string($0) },
      "parameters": .array(parameters),
      "requestBody": body,
      "responses": .members([("200", self.success)] + Errors.references),
    ])
  }

  private var post: JSONValue {
    let json = JSONValue.members([
      "schema": ["$ref": MessageSchemas.reference(self.input)], "example": self.example,
    ])
    let content: [(String, JSONValue)] =
      [("application/json", json)]
      + (self.method.descriptor.serverStreaming
        ? Self.envelopes : [("application/proto", Self.binary)])
    return self.operation(
      id: self.name,
      Parameters.references(isQuery: false),
      ["required": true, "content": .members(content)]
    )
  }

  /// The form of a GET that people write; Connect's clients write others too.
  private var get: JSONValue {
    let message = JSONValue.members([
      "schema": ["$ref": MessageSchemas.reference(self.input)], "example": self.example,
    ])
    let own: [JSONValue] = [
      [
        "name": "encoding", "in": "query", "required": true,
        "description": "How `message` and the answer are written.",
        "schema": ["type": "string", "enum": ["json"]],
      ],
      [
        "name": "message", "in": "query", "required": true,
        "description": "The request as JSON.",
        "content": ["application/json": message],
      ],
      [
        "name": "connect", "in": "query",
        "description": "The version of the protocol.",
        "schema": ["type": "string", "enum": ["v1"]],
      ],
    ]
    return self.operation(id: "\(self.name)_get", own + Parameters.references(isQuery: true), nil)
  }

  private static let binary: JSONValue = [
    "schema": ["type": "string", "format": "binary", "description": "Protobuf's binary form."]
  ]

  /// How Connect's clients send and get the messages of a stream.
  private static let envelopes: [(String, JSONValue)] = [
    "application/connect+json", "application/connect+proto",
  ].map { type in
    let description = "A byte of flags, the length in four bytes, a message; again and again."
    return (
      type,
      ["schema": ["type": "string", "format": "binary", "description": .string(description)]]
    )
  }

  private var success: JSONValue {
    let json = JSONValue.members([
      "schema": ["$ref": MessageSchemas.reference(self.output)], "example": self.outputExample,
    ])
    let content: JSONValue =
      self.method.descriptor.serverStreaming
      ? .members(
        [
          (
            "text/event-stream",
            ["schema": ["type": "string", "description": "Events of which each has a message."]]
          ),
          (
            "application/x-ndjson",
            ["schema": ["type": "string", "description": "A message a line."]]
          ),
        ] + Self.envelopes
      ) : ["application/json": json, "application/proto": Self.binary]
    return [
      "description": "What was asked for.",
      "headers": Parameters.headers(["X-Request-Id", "Server-Timing"]),
      "content": content,
    ]
  }
}
