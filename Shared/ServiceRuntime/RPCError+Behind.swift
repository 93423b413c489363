import RPC

extension RPCError {
  /// The reason where a service refused this server's key.
  static let refusedKey = "SERVICE_REFUSED_KEY"
  /// The reason where a service does not have what every one of its kind has.
  static let misconfigured = "SERVICE_MISCONFIGURED"

  /// An error of a service behind as this server's own caller may get it.
  ///
  /// The caller showed a key that is good here and called a method that is here: what `service`
  /// finds wrong with either is this server's fault.
  func behind(_ service: String) -> RPCError {
    switch self.code {
    case .unauthenticated:
      Self.ours("\(service) refused this server's key", Self.refusedKey, service)
    case .permissionDenied:
      // Says which scope the key lacks.
      Self.ours("\(service) refused this server's key: \(self.message)", Self.refusedKey, service)
    case .unimplemented:
      Self.ours("another service answers where \(service) should", Self.misconfigured, service)
    default: self
    }
  }

  private static func ours(_ message: String, _ reason: String, _ service: String) -> RPCError {
    RPCError(
      .internal,
      message,
      details: [.errorInfo(reason: reason, metadata: ["service": service])]
    )
  }
}
