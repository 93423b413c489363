/// The bounds within which a client waits for its peer.
///
/// Times are checked a few times each second.
package struct HTTP2ClientConfiguration: Sendable, Hashable {
  package var connectTimeout = Duration.seconds(2)
  /// From the call to the end of its response; callers have limits of their own, an hour at most.
  package var requestTimeout = Duration.seconds(3600)
  package var maxResponseBytes = 64 << 20
  /// Silence after a request, even one given up since, until the peer is asked for a sign of life.
  package var pingInterval = Duration.seconds(30)
  /// How long it may take to give one.
  package var pingTimeout = Duration.seconds(10)

  package init() {}
}
