/// How a vendor's API is asked to hold a model to the form of its answer, strictest first.
package enum AnswerForm: String, Sendable, Hashable, CaseIterable {
  /// A JSON schema that the server enforces.
  case schema
  /// A tool that the model has to call, with the schema as its parameters.
  case tool
  /// Any JSON object; the schema stands in the instructions.
  case object
  /// Plain text; the schema stands in the instructions.
  case text

  /// For people, as in "schema unsupported: using …".
  package var name: String {
    switch self {
    case .schema: "a strict JSON schema"
    case .tool: "a forced tool"
    case .object: "a JSON object"
    case .text: "plain text"
    }
  }

  /// Whether the server sees the schema apart from the instructions.
  var carriesSchema: Bool { self == .schema || self == .tool }
}
