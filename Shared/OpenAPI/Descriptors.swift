import SwiftProtobuf

/// Messages, enums and methods by their full names, with what their authors wrote about them.
struct Descriptors {
  struct Message {
    var descriptor: Google_Protobuf_DescriptorProto
    var comment: Comment
    /// In the order of the fields.
    var fieldComments: [Comment]
  }

  struct Enum {
    var descriptor: Google_Protobuf_EnumDescriptorProto
    var comment: Comment
    /// In the order of the values.
    var valueComments: [Comment]
  }

  struct Method {
    /// As in "grpc.health.v1.Health".
    var service: String
    var descriptor: Google_Protobuf_MethodDescriptorProto
    var comment: Comment
  }

  private(set) var messages: [String: Message] = [:]
  private(set) var enums: [String: Enum] = [:]
  /// By path, as in "/grpc.health.v1.Health/Check".
  private(set) var methods: [String: Method] = [:]
  /// By full name.
  private(set) var services: [String: Comment] = [:]

  /// - Parameter schema: A serialised `FileDescriptorSet` with source information. One that can't be
  ///   read describes nothing.
  init(schema: [UInt8]) {
    guard let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: schema) else { return }
    for file in set.file { self.add(file) }
  }

  /// Numbers of the fields that paths of comments are made of.
  ///
  /// Source: https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto
  private enum Path {
    static let message: Int32 = 4
    static let `enum`: Int32 = 5
    static let service: Int32 = 6
    static let field: Int32 = 2
    static let nestedMessage: Int32 = 3
    static let nestedEnum: Int32 = 4
    static let value: Int32 = 2
    static let method: Int32 = 2
  }

  private mutating func add(_ file: Google_Protobuf_FileDescriptorProto) {
    let comments = Comments(file.sourceCodeInfo)
    for (index, message) in file.messageType.enumerated() {
      self.add(message, in: file.package, at: [Path.message, Int32(index)], comments)
    }
    for (index, value) in file.enumType.enumerated() {
      self.add(value, in: file.package, at: [Path.enum, Int32(index)], comments)
    }
    for (index, service) in file.service.enumerated() {
      let path = [Path.service, Int32(index)]
      let name = "\(file.package).\(service.name)"
      self.services[name] = comments[path]
      for (index, method) in service.method.enumerated() {
        self.methods["/\(name)/\(method.name)"] = Method(
          service: name,
          descriptor: method,
          comment: comments[path + [Path.method, Int32(index)]]
        )
      }
    }
  }

  private mutating func add(
    _ message: Google_Protobuf_DescriptorProto,
    in scope: String,
    at path: [Int32],
    _ comments: Comments
  ) {
    let name = "\(scope).\(message.name)"
    self.messages[name] = Message(
      descriptor: message,
      comment: comments[path],
      fieldComments: message.field.indices.map { comments[path + [Path.field, Int32($0)]] }
    )
    for (index, nested) in message.nestedType.enumerated() {
      self.add(nested, in: name, at: path + [Path.nestedMessage, Int32(index)], comments)
    }
    for (index, nested) in message.enumType.enumerated() {
      self.add(nested, in: name, at: path + [Path.nestedEnum, Int32(index)], comments)
    }
  }

  private mutating func add(
    _ value: Google_Protobuf_EnumDescriptorProto,
    in scope: String,
    at path: [Int32],
    _ comments: Comments
  ) {
    self.enums["\(scope).\(value.name)"] = Enum(
      descriptor: value,
      comment: comments[path],
      valueComments: value.value.indices.map { comments[path + [Path.value, Int32($0)]] }
    )
  }
}

/// The comments of one file, by the path of what they are about.
private struct Comments {
  private let byPath: [[Int32]: Comment]

  init(_ info: Google_Protobuf_SourceCodeInfo) {
    self.byPath = Dictionary(
      info.location.lazy.filter(\.hasLeadingComments).map {
        ($0.path, Comment($0.leadingComments))
      },
      uniquingKeysWith: { first, _ in first }
    )
  }

  subscript(path: [Int32]) -> Comment { self.byPath[path] ?? Comment("") }
}
