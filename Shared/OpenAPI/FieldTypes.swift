import JSONText
import SwiftProtobuf

extension MessageSchemas {
  /// Messages that ProtoJSON writes as something other than an object of their fields.
  static let wellKnown: [String: [JSONValue.Member]] = [
    "google.protobuf.Duration": members([
      "type": "string", "pattern": #"^-?[0-9]+(\.[0-9]{1,9})?s$"#,
    ]),
    "google.protobuf.Timestamp": members(["type": "string", "format": "date-time"]),
    "google.protobuf.Struct": members(["type": "object"]),
    "google.protobuf.Any": members(["type": "object"]),
    "google.protobuf.Empty": members(["type": "object"]),
  ]

  /// The schema of one value of a field.
  static func type(_ field: Google_Protobuf_FieldDescriptorProto) -> [JSONValue.Member] {
    switch field.type {
    case .int32, .sint32, .sfixed32:
      self.members([
        "type": "integer", "format": "int32",
        "minimum": .integer(Int64(Int32.min)), "maximum": .integer(Int64(Int32.max)),
      ])
    case .uint32, .fixed32:
      self.members([
        "type": "integer", "minimum": 0, "maximum": .integer(Int64(UInt32.max)),
      ])
    // 64-bit integers are texts, as JavaScript's numbers can't hold them.
    case .int64, .sint64, .sfixed64: self.members(["type": "string", "format": "int64"])
    case .uint64, .fixed64: self.members(["type": "string", "format": "uint64"])
    case .float: self.members(["type": "number", "format": "float"])
    case .double: self.members(["type": "number", "format": "double"])
    case .bool: self.members(["type": "boolean"])
    case .string: self.members(["type": "string"])
    case .bytes: self.members(["type": "string", "contentEncoding": "base64"])
    case .enum, .message, .group:
      self.wellKnown[self.name(field.typeName)]
        ?? self.members(["$ref": self.reference(self.name(field.typeName))])
    }
  }

  private static func members(
    _ members: KeyValuePairs<String, JSONValue>
  ) -> [JSONValue.Member] {
    members.map { JSONValue.Member(name: $0.key, value: $0.value) }
  }
}
