import Metrics
import RPC
import Synchronization

extension ServiceChannel {
  /// One attempt after the other, until one succeeds or must not be repeated.
  nonisolated(nonsending) func retry(_ call: ChannelCall, _ policy: RetryPolicy) async -> Attempt {
    var backoffs = 0
    for previous in 0... {
      let attempt = await self.attempt(call, previous: previous)
      self.count(attempt, isRetryable: policy.isRetryable(attempt))
      guard previous + 1 < policy.maxAttempts, !attempt.isLast, policy.isRetryable(attempt),
        attempt.isUnseen || call.idempotency != .unknown, !attempt.pushback.isRefused
      else { return attempt }
      backoffs += 1
      let delay: Duration
      if let pushback = attempt.pushback.delay, !self.mayGoElsewhere(attempt, call) {
        delay = pushback
        backoffs = 0
      } else {
        delay = policy.backoff(before: backoffs, spread: Double.random(in: 0.8...1.2))
      }
      if let left = call.left, left <= delay { return attempt }
      guard self.allowance.withLock({ $0.take() }) else { return attempt }
      call.method.metrics.retries.increment()
      call.method.metrics.retryDelay.record(duration: delay)
      do { try await Task.sleep(for: delay) } catch { return Attempt(error) }
    }
    return Attempt(CancellationError())
  }

  /// Notes an attempt's end where it bears on whether calls may be repeated.
  func count(_ attempt: Attempt, isRetryable: Bool) {
    let isSuccess = attempt.code == nil
    guard isSuccess || isRetryable || attempt.pushback.isRefused else { return }
    self.allowance.withLock { $0.count(success: isSuccess) }
  }

  /// Whether another endpoint may be asked before the time that this one gave.
  ///
  /// That one endpoint is unavailable concerns that endpoint; that the caller has used up what it
  /// may is the same everywhere.
  private func mayGoElsewhere(_ attempt: Attempt, _ call: ChannelCall) -> Bool {
    guard attempt.code == .unavailable else { return false }
    let tried = call.tried
    let now = ContinuousClock.now
    return self.fleet.withLock { fleet in
      fleet.endpoints.contains { $0.state(at: now) == .ready && !tried.contains($0.id) }
    }
  }
}

extension RetryPolicy {
  fileprivate func isRetryable(_ attempt: Attempt) -> Bool {
    guard let code = attempt.code else { return false }
    return self.retryableCodes.contains(code)
      || code == .resourceExhausted && attempt.pushback.delay != nil
  }
}
