/// Why a client has no response.
package struct HTTPTransportError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Reason: String, Sendable, Hashable {
    /// No connection could be made: the request never left, so sending it again is safe.
    case unreachable
    /// The peer said that it did not process the request (a GOAWAY below its stream, or
    /// REFUSED_STREAM): sending it again is safe.
    case refused
    /// The connection ended while the peer may have been at work.
    case interrupted
    /// The client's own time limit passed.
    case timedOut
    /// The response is larger than the client accepts.
    case responseTooLarge
    /// The peer broke the protocol, or its certificate can't be trusted.
    case protocolError
  }

  package var reason: Reason
  /// Whether the request certainly never left, as where a certificate can't be trusted.
  package var isUnsent: Bool
  /// For logs: what happened, with neither header values nor bodies.
  package var description: String

  package init(_ reason: Reason, _ description: String, isUnsent: Bool = false) {
    self.reason = reason
    self.isUnsent = isUnsent || reason == .unreachable
    self.description = description
  }

  /// Whether the request certainly reached no handler.
  package var isSafeToResend: Bool { self.reason == .unreachable || self.reason == .refused }
}
