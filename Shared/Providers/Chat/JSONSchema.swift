/// The part of JSON Schema that every vendor's strict mode understands: all properties are required
/// and no others allowed, and there are no limits, which we check ourselves.
package indirect enum JSONSchema: Sendable, Hashable {
  case string(String)
  case number(String)
  case boolean(String)
  case array(of: JSONSchema, String)
  case object([String: JSONSchema])

  /// The schema as vendors take it.
  package var json: JSONValue {
    switch self {
    case .string(let description): ["type": "string", "description": .string(description)]
    case .number(let description): ["type": "number", "description": .string(description)]
    case .boolean(let description): ["type": "boolean", "description": .string(description)]
    case .array(let items, let description):
      ["type": "array", "description": .string(description), "items": items.json]
    case .object(let properties):
      [
        "type": "object",
        "properties": .object(properties.mapValues(\.json)),
        "required": .array(properties.keys.sorted().map { .string($0) }),
        "additionalProperties": false,
      ]
    }
  }
}
