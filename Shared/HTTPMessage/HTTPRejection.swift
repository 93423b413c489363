/// Why a server answers a request without asking its handler.
package enum HTTPRejection: Sendable, Hashable, CaseIterable {
  /// The request line or a header field is malformed.
  case malformed
  /// The header block is larger than the limit.
  case headerTooLarge
  /// The body is larger than the limit.
  case bodyTooLarge
  /// The request did not arrive within the time to read one.
  case readTimeout
  /// The request came in plain text to a port that speaks TLS.
  case unencrypted
}
