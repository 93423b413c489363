/// Calls that a caller has left; a whole window's at first, and as many again over each window.
///
/// Below zero it says how many the caller owes.
struct TokenBucket: Sendable {
  private var tokens: Double
  private var updated: ContinuousClock.Instant

  init(_ policy: RatePolicy, now: ContinuousClock.Instant) {
    self.tokens = Double(policy.calls)
    self.updated = now
  }

  /// What a caller learns of its bucket.
  struct Level: Sendable, Hashable {
    /// Whether the call may be served.
    var allows: Bool
    /// Calls that are left now.
    var remaining: Int
    /// Until the bucket is full again.
    var untilFull: Duration
    /// Until the next call is allowed; zero when one is now.
    var untilNext: Duration
  }

  /// Takes one call out, where there is one.
  mutating func take(_ policy: RatePolicy, now: ContinuousClock.Instant) -> Level {
    self.refill(policy, now)
    let allows = self.tokens >= 1
    if allows { self.tokens -= 1 }
    return self.level(policy, allows: allows)
  }

  /// Takes calls out whether or not they are there: what is missing must come back first.
  mutating func charge(_ calls: Int, _ policy: RatePolicy, now: ContinuousClock.Instant) -> Level {
    self.refill(policy, now)
    self.tokens -= Double(calls)
    return self.level(policy, allows: true)
  }

  private func level(_ policy: RatePolicy, allows: Bool) -> Level {
    let perSecond = Double(policy.calls) / Double(policy.seconds)
    return Level(
      allows: allows,
      remaining: max(0, Int(self.tokens)),
      untilFull: .seconds((Double(policy.calls) - self.tokens) / perSecond),
      untilNext: .seconds(max(0, 1 - self.tokens) / perSecond)
    )
  }

  /// Whether it says no more than a new one would.
  func isFull(_ policy: RatePolicy, now: ContinuousClock.Instant) -> Bool {
    var bucket = self
    bucket.refill(policy, now)
    return bucket.tokens >= Double(policy.calls)
  }

  private mutating func refill(_ policy: RatePolicy, _ now: ContinuousClock.Instant) {
    let elapsed = max(0, self.updated.duration(to: now) / .seconds(1))
    let gained = elapsed * Double(policy.calls) / Double(policy.seconds)
    self.tokens = min(Double(policy.calls), self.tokens + gained)
    self.updated = now
  }
}
