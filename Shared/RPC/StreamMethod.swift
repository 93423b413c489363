package import SwiftProtobuf

/// One RPC that is answered with any number of messages.
package struct StreamMethod<Request: Message & Sendable, Response: Message & Sendable>: Sendable {
  /// Full name of the service, as in "grpc.health.v1.Health".
  package let service: String
  /// As in "Watch".
  package let name: String
  package let idempotency: Idempotency
  /// As in "/grpc.health.v1.Health/Watch".
  package let path: String

  package init(_ service: String, _ name: String, _ idempotency: Idempotency) {
    self.service = service
    self.name = name
    self.idempotency = idempotency
    self.path = "/\(service)/\(name)"
  }
}
