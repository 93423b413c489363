import CNghttp2

extension HTTP2ServerSession {
  /// What a PING of ours is for, as its first byte.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9113#section-6.7
  private enum Purpose: UInt8 { case shutdown = 1, keepalive }

  /// Announces the end: the peer should open no more streams, but those on their way are served.
  ///
  /// The event `shutdownNoticed` tells that all of them have arrived: the peer answers the PING that
  /// follows the GOAWAY after it has read both.
  package func announceShutdown() {
    guard let raw = self.raw else { return }
    _ = nghttp2_submit_shutdown_notice(raw)
  }

  /// Sends the PING after the announcement, which nghttp2 would let it overtake.
  func sentGoAway(_ goAway: nghttp2_goaway) {
    if goAway.last_stream_id == Int32.max { self.ping(.shutdown) }
  }

  /// Names the last stream that will be answered; the connection finishes with it.
  package func goAway() {
    guard let raw = self.raw else { return }
    let last = nghttp2_session_get_last_proc_stream_id(raw)
    _ = nghttp2_submit_goaway(
      raw,
      UInt8(NGHTTP2_FLAG_NONE.rawValue),
      last,
      UInt32(NGHTTP2_NO_ERROR.rawValue),
      nil,
      0
    )
  }

  /// Asks the peer for a sign of life.
  package func ping() { self.ping(.keepalive) }

  private func ping(_ purpose: Purpose) {
    guard let raw = self.raw else { return }
    let content = [purpose.rawValue, 0, 0, 0, 0, 0, 0, 0]
    _ = nghttp2_submit_ping(raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), content)
  }

  func receivedPing(_ ping: nghttp2_ping) {
    let isAnswer = ping.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0
    if isAnswer, ping.opaque_data.0 == Purpose.shutdown.rawValue {
      self.events.append(.shutdownNoticed)
    }
  }
}
