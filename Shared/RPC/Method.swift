package import SwiftProtobuf

/// What calling a method twice does.
package enum Idempotency: Sendable, Hashable {
  /// Something else than calling it once, as far as anyone knows.
  case unknown
  /// The same as calling it once.
  case idempotent
  /// Nothing, so that GET, caches, retries and hedges are allowed.
  case noSideEffects
}

/// One RPC: the value that its server registers and its client calls.
package struct Method<Request: Message & Sendable, Response: Message & Sendable>: Sendable {
  /// Full name of the service, as in "grpc.health.v1.Health".
  package let service: String
  /// As in "Check".
  package let name: String
  package let idempotency: Idempotency
  /// As in "/grpc.health.v1.Health/Check".
  package let path: String

  package init(_ service: String, _ name: String, _ idempotency: Idempotency) {
    self.service = service
    self.name = name
    self.idempotency = idempotency
    self.path = "/\(service)/\(name)"
  }
}
