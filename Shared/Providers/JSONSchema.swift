/// The part of JSON Schema that every vendor's strict mode understands: all properties are required
/// and no others allowed, and there are no limits, which we check ourselves.
package indirect enum JSONSchema: Sendable, Encodable {
  case string(String)
  case number(String)
  case array(of: JSONSchema, String)
  case object([String: JSONSchema])

  private enum Key: String, CodingKey {
    case type, description, items, properties, required, additionalProperties
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .string(let description):
      try container.encode("string", forKey: .type)
      try container.encode(description, forKey: .description)
    case .number(let description):
      try container.encode("number", forKey: .type)
      try container.encode(description, forKey: .description)
    case .array(let items, let description):
      try container.encode("array", forKey: .type)
      try container.encode(description, forKey: .description)
      try container.encode(items, forKey: .items)
    case .object(let properties):
      try container.encode("object", forKey: .type)
      try container.encode(properties, forKey: .properties)
      try container.encode(properties.keys.sorted(), forKey: .required)
      try container.encode(false, forKey: .additionalProperties)
    }
  }
}
