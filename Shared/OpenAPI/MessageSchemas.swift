import JSONText
import SwiftProtobuf

/// JSON Schemas of messages and enums, as ProtoJSON writes them.
///
/// Source: https://protobuf.dev/programming-guides/json/
struct MessageSchemas {
  private let descriptors: Descriptors
  /// Full names of messages that callers send.
  private let inputs: Set<String>
  /// Full names of what is described, in the order it was met.
  private var names: [String] = []

  /// Describes what `methods` take and give, and all that is part of it.
  init(of methods: [Descriptors.Method], _ descriptors: Descriptors) {
    self.descriptors = descriptors
    var inputs: [String] = []
    for method in methods {
      Self.collect(Self.name(method.descriptor.inputType), from: descriptors, &inputs)
    }
    self.inputs = Set(inputs)
    self.names = inputs
    for method in methods {
      Self.collect(Self.name(method.descriptor.outputType), from: descriptors, &self.names)
    }
  }

  /// The schemas, in the order of their names.
  var json: [(String, JSONValue)] {
    self.names.sorted().compactMap { name in
      if let message = self.descriptors.messages[name] { return (name, self.schema(message, name)) }
      return self.descriptors.enums[name].map { (name, Self.schema($0)) }
    }
  }

  /// Full name of a type as descriptors have it, ".a.b.C".
  static func name(_ typeName: String) -> String { String(typeName.dropFirst()) }

  static func reference(_ name: String) -> JSONValue {
    .string("#/components/schemas/\(name)")
  }

  private static func collect(
    _ name: String,
    from descriptors: Descriptors,
    _ names: inout [String]
  ) {
    guard !names.contains(name), Self.wellKnown[name] == nil else { return }
    let message = descriptors.messages[name]
    if message?.descriptor.options.mapEntry != true { names.append(name) }
    for field in message?.descriptor.field ?? [] where !field.typeName.isEmpty {
      Self.collect(Self.name(field.typeName), from: descriptors, &names)
    }
  }

  private func schema(_ message: Descriptors.Message, _ name: String) -> JSONValue {
    let fields = zip(message.descriptor.field, message.fieldComments)
    let required = fields.filter { self.inputs.contains(name) && Self.isRequired($0, $1) }
    return .members([
      "type": "object",
      "description": message.comment.description.map { .string($0) },
      "properties": .members(
        fields.map { ($0.jsonName, self.property($0, $1, isInput: self.inputs.contains(name))) }
      ),
      "required": required.isEmpty ? nil : .array(required.map { .string($0.0.jsonName) }),
      "examples": message.comment.example.map { [.verbatim($0)] },
    ])
  }

  private static func limits(
    _ field: Google_Protobuf_FieldDescriptorProto,
    _ comment: Comment
  ) -> FieldLimits {
    FieldLimits(
      comment.text,
      isText: field.type == .string,
      isRepeated: field.label == .repeated,
      isNumber: ![.string, .bytes, .bool, .enum, .message, .group].contains(field.type)
    )
  }

  /// Whether a message without the field is refused: nothing is less than what it must have.
  private static func isRequired(
    _ field: Google_Protobuf_FieldDescriptorProto,
    _ comment: Comment
  ) -> Bool {
    guard !field.proto3Optional, !field.hasOneofIndex else { return false }
    let limits = Self.limits(field, comment)
    return field.label == .repeated ? limits.items?.least ?? 0 > 0 : limits.length?.least ?? 0 > 0
  }

  private func property(
    _ field: Google_Protobuf_FieldDescriptorProto,
    _ comment: Comment,
    isInput: Bool
  ) -> JSONValue {
    let description = comment.description.map { JSONValue.string($0) }
    let limits = Self.limits(field, comment)
    if field.label == .repeated {
      let entry = self.descriptors.messages[Self.name(field.typeName)]?.descriptor
      if let entry, entry.options.mapEntry, let value = entry.field.last {
        return .members([
          "type": "object",
          "additionalProperties": .object(Self.type(value)),
          "description": description,
        ])
      }
      let text = Self.textLimits(limits)
      return .members([
        "type": "array",
        "items": .object(Self.type(field) + text),
        // An empty list is left out of an answer, so only requests are bound from below.
        "minItems": limits.items.flatMap {
          isInput && $0.least > 0 ? .integer(Int64($0.least)) : nil
        },
        "maxItems": limits.items.map { .integer(Int64($0.most)) },
        "description": description,
      ])
    }
    var members = Self.type(field) + Self.textLimits(limits)
    if let range = limits.number {
      let isWhole = field.type != .double && field.type != .float
      members.removeAll { $0.name == "minimum" || $0.name == "maximum" }
      func number(_ value: Double) -> JSONValue {
        isWhole ? .integer(Int64(value)) : .number(value)
      }
      members.append(.init(name: "minimum", value: number(range.least)))
      members.append(.init(name: "maximum", value: number(range.most)))
    }
    if let fallback = limits.fallback {
      members.append(.init(name: "default", value: .integer(Int64(fallback))))
    }
    if let description { members.append(.init(name: "description", value: description)) }
    return .object(members)
  }

  private static func textLimits(_ limits: FieldLimits) -> [JSONValue.Member] {
    let members: [(String, JSONValue?)] = [
      ("minLength", limits.length.map { .integer(Int64($0.least)) }),
      ("maxLength", (limits.length?.most).map { .integer(Int64($0)) }),
      ("pattern", limits.pattern.map { .string($0) }),
    ]
    return members.compactMap { name, value in
      value.map { JSONValue.Member(name: name, value: $0) }
    }
  }

  private static func schema(_ value: Descriptors.Enum) -> JSONValue {
    let values = zip(value.descriptor.value, value.valueComments).compactMap { value, comment in
      comment.description.map { "\(value.name): \($0)" }
    }
    let lines = (value.comment.description.map { [$0] } ?? []) + values
    return .members([
      "type": "string",
      "enum": .array(value.descriptor.value.map { .string($0.name) }),
      "description": lines.isEmpty ? nil : .string(lines.joined(separator: "\n\n")),
    ])
  }
}
