import SwiftProtobuf

/// What calling each method twice does, as the descriptors say.
package struct IdempotencyTable: Sendable {
  /// By path, as in "/grpc.health.v1.Health/Check".
  private var levels: [String: Idempotency] = [:]

  /// - Parameter schema: A serialised `FileDescriptorSet`. One that can't be read knows no method.
  package init(schema: [UInt8]) {
    guard let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: schema) else { return }
    for file in set.file {
      for service in file.service {
        for method in service.method {
          let path = "/\(file.package).\(service.name)/\(method.name)"
          self.levels[path] =
            switch method.options.idempotencyLevel {
            case .noSideEffects: .noSideEffects
            case .idempotent: .idempotent
            case .idempotencyUnknown: .unknown
            }
        }
      }
    }
  }

  /// `nil` for a path that no method has.
  package subscript(path: String) -> Idempotency? { self.levels[path] }
}
