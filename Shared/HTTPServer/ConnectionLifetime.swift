/// How long a connection may live, and go on with what is in flight after that.
struct ConnectionLifetime {
  private let end: Int?
  private let grace: Int

  /// The lifetime of a connection that begins now.
  init(_ loop: ServerLoop) {
    // Connections that were made at once, as after a restart, don't end at once.
    let spread = Double.random(in: 0.9...1.1)
    self.end = loop.limits.maxConnectionAge.map {
      loop.now + Int(Double($0.milliseconds) * spread)
    }
    self.grace = loop.limits.drainGrace.milliseconds
  }

  /// Whether the connection should take no more requests.
  func isOver(at now: Int) -> Bool { self.end.map { now > $0 } ?? false }

  /// Whether what is in flight has had its time as well.
  func isGraceOver(at now: Int) -> Bool { self.end.map { now > $0 + self.grace } ?? false }
}

/// Finds out that a peer is gone without a word, by asking it for a sign of life.
struct Keepalive {
  enum Step { case wait, ping, giveUp }

  private var pingSent: Int?

  /// Bytes came.
  mutating func heard() { self.pingSent = nil }

  /// What to do about a peer from which nothing came since `silentSince`.
  mutating func step(at now: Int, silentSince: Int, _ limits: HTTPServerLimits) -> Step {
    if let pingSent = self.pingSent {
      return now - pingSent > limits.pingTimeout.milliseconds ? .giveUp : .wait
    }
    guard let interval = limits.pingInterval, now - silentSince > interval.milliseconds else {
      return .wait
    }
    self.pingSent = now
    return .ping
  }
}
