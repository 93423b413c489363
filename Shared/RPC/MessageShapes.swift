import SwiftProtobuf

/// What a JSON text may hold, by message and enum, as their descriptors say.
struct MessageShapes: Sendable {
  struct Message: Sendable {
    /// By JSON name and by original name.
    var fields: [String: Field] = [:]
    /// Full names of the messages that fields hold, by the fields' numbers.
    var messages: [Int: String] = [:]
    /// Of a map's entry, which stands as an object of its own.
    var isMapEntry = false
  }

  struct Field: Sendable {
    var jsonName: String
    var kind: Kind
    var isRepeated: Bool
    /// Members of one oneof share its number.
    var oneof: Int32?
  }

  enum Kind: Sendable {
    case integer(ClosedRange<Int64>)
    case unsigned(max: UInt64)
    case float
    case double
    case boolean
    case string
    case bytes
    /// Full name of an enum.
    case names(String)
    /// Full name of a message.
    case message(String)
  }

  /// By full name, as in "grpc.health.v1.HealthCheckRequest".
  private(set) var messages: [String: Message] = [:]
  /// Names of enum values, by the enum's full name.
  private(set) var enums: [String: [String]] = [:]

  /// - Parameter schema: A serialised `FileDescriptorSet`. One that can't be read describes
  ///   nothing: errors then name no fields.
  init(schema: [UInt8]) {
    guard let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: schema) else { return }
    for file in set.file {
      self.add(messages: file.messageType, enums: file.enumType, scope: file.package)
    }
  }

  private mutating func add(
    messages: [Google_Protobuf_DescriptorProto],
    enums: [Google_Protobuf_EnumDescriptorProto],
    scope: String
  ) {
    for value in enums { self.enums["\(scope).\(value.name)"] = value.value.map(\.name) }
    for message in messages {
      let name = "\(scope).\(message.name)"
      var shape = Message(isMapEntry: message.options.mapEntry)
      for descriptor in message.field {
        let field = Field(descriptor)
        shape.fields[field.jsonName] = field
        shape.fields[descriptor.name] = field
        if case .message(let name) = field.kind { shape.messages[Int(descriptor.number)] = name }
      }
      self.messages[name] = shape
      self.add(messages: message.nestedType, enums: message.enumType, scope: name)
    }
  }
}

extension MessageShapes.Field {
  fileprivate init(_ field: Google_Protobuf_FieldDescriptorProto) {
    self.jsonName = field.jsonName
    self.isRepeated = field.label == .repeated
    self.oneof = field.hasOneofIndex && !field.proto3Optional ? field.oneofIndex : nil
    self.kind =
      switch field.type {
      case .int32, .sint32, .sfixed32: .integer(Int64(Int32.min)...Int64(Int32.max))
      case .int64, .sint64, .sfixed64: .integer(.min ... .max)
      case .uint32, .fixed32: .unsigned(max: UInt64(UInt32.max))
      case .uint64, .fixed64: .unsigned(max: .max)
      case .float: .float
      case .double: .double
      case .bool: .boolean
      case .string: .string
      case .bytes: .bytes
      case .enum: .names(String(field.typeName.dropFirst()))
      case .message, .group: .message(String(field.typeName.dropFirst()))
      }
  }
}
