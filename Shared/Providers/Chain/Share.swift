/// The part of a call's time that one provider of a chain may use.
struct Share {
  let deadline: ContinuousClock.Instant
  /// The longest pause before a retry.
  let maxWait: Duration

  /// A provider that hangs must leave the others a fifth of the time, between 0.5 and 2 seconds,
  /// but not more than half of it.
  init(of deadline: ContinuousClock.Instant, isLast: Bool) {
    guard !isLast else {
      self.deadline = deadline
      self.maxWait = .seconds(120)
      return
    }
    let remaining = max(.zero, deadline - ContinuousClock.now)
    let reserve = min(remaining / 2, max(.milliseconds(500), min(.seconds(2), remaining / 5)))
    self.deadline = deadline - reserve
    self.maxWait = .seconds(2)
  }
}

/// A provider that failed, and how.
struct Failure {
  var provider: String
  var error: ProviderError

  func degradation(to answering: String) -> Degradation {
    Degradation(from: self.provider, to: answering, reason: self.error.reason)
  }
}

extension [Failure] {
  /// Whoever may hurt themselves gets help, whatever else has failed.
  var help: ProviderError? { self.contains { $0.error == .selfHarm } ? .selfHarm : nil }
}

extension ProviderError {
  /// Ends a chain whose caller doesn't wait any more.
  func checkTime(_ deadline: ContinuousClock.Instant) throws(ProviderError) {
    if self == .cancelled || Task.isCancelled { throw .cancelled }
    if ContinuousClock.now >= deadline { throw .timedOut }
  }
}
