/// How patient we are with a provider.
package struct RetryPolicy: Sendable, Hashable {
  /// After the first attempt of a call.
  package var maxRetries = 2
  /// Before the first retry, doubled for each further one, less up to a quarter by chance.
  package var firstWait: Duration = .milliseconds(500)
  package var maxWait: Duration = .seconds(8)
  /// How many retries calls at once may make beyond those that `retriesPerCall` gives.
  package var spareRetries = 10.0
  /// What each call adds to the retries that all calls share.
  package var retriesPerCall = 0.2
  /// How many failures in a row make a provider cool down, where one alone doesn't.
  package var failuresUntilCoolDown = 3
  /// A call that had less time than this says nothing about its provider by running out of it.
  package var fairTime: Duration = .seconds(1)
  /// The first short cool-down, doubled for each further failure in a row that passes by itself.
  package var shortCoolDown: Duration = .seconds(1)
  /// Short enough that a provider that is well again is used within half a minute.
  package var maxShortCoolDown: Duration = .seconds(15)
  /// The first long cool-down, doubled for each further failure in a row that asks for one.
  package var longCoolDown: Duration = .seconds(15 * 60)
  package var maxLongCoolDown: Duration = .seconds(4 * 3600)

  /// How long one call may keep all others waiting while it tries out a provider after its rest;
  /// then another may try too.
  package var probePatience: Duration = .seconds(10)

  package init() {}

  /// How long to wait before retry number `retry`, 0 being the first.
  func wait(beforeRetry retry: Int) -> Duration {
    Self.doubled(self.firstWait, times: retry, atMost: self.maxWait) * Double.random(in: 0.75...1)
  }

  /// How long a provider rests after `error`, the `failures`th of its kind in a row: one of those
  /// that ask for a long cool-down, or one of the others.
  ///
  /// - Returns: `nil` when it needs no rest yet.
  func rest(after error: ProviderError, failures: Int) -> Duration? {
    var asked: Duration?
    if case .later(let hint) = error.treatment.retry { asked = hint.after }
    asked = asked.map { min($0, self.maxLongCoolDown) }
    switch error.treatment.coolDown {
    case .none: return nil
    case .short:
      return asked
        ?? Self.doubled(self.shortCoolDown, times: failures - 1, atMost: self.maxShortCoolDown)
    case .shortWhenRepeated:
      let excess = failures - self.failuresUntilCoolDown
      guard excess >= 0 else { return asked.flatMap { $0 > .zero ? $0 : nil } }
      let own = Self.doubled(self.shortCoolDown, times: excess, atMost: self.maxShortCoolDown)
      return max(own, asked ?? .zero)
    case .long:
      return Self.doubled(self.longCoolDown, times: failures - 1, atMost: self.maxLongCoolDown)
    }
  }

  private static func doubled(
    _ duration: Duration,
    times: Int,
    atMost limit: Duration
  ) -> Duration {
    min(limit, duration * (1 << min(16, max(0, times))))
  }
}
