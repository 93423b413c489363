import RPC
import Synchronization

/// The way to one provider: asks again where that helps, and leaves it alone while it can't answer.
///
/// After a cool-down a single call goes through, and another where that one takes long; a success
/// opens the gate for all. Retries come from a budget that all calls share, so that a provider in
/// trouble isn't asked many times as much as one that is well.
package final class ProviderGate: Sendable {
  private struct Record {
    /// In a row.
    var failures = 0
    /// In a row, of those that a person has to mend: a bad minute before says nothing of them.
    var longFailures = 0
    var rest: (until: ContinuousClock.Instant, error: ProviderError)?
    /// How many rests have begun or ended.
    var epoch = 0
    /// When the latest call began that tries the provider out, and that has not ended.
    var probe: ContinuousClock.Instant?
    var retries: Double

    mutating func endProbe(_ admission: Admission) {
      // One that took long may have been followed by another.
      if self.probe == admission.probe { self.probe = nil }
    }
  }

  /// A call that was let in.
  private struct Admission {
    /// Of the record when the call, or its latest attempt, began.
    var epoch: Int
    /// When the call began, if it tries out a provider after its rest.
    var probe: ContinuousClock.Instant?
  }

  private let policy: RetryPolicy
  private let record: Mutex<Record>

  package init(policy: RetryPolicy = RetryPolicy()) {
    self.policy = policy
    self.record = Mutex(Record(retries: policy.spareRetries))
  }

  /// Calls the provider, again after failures that pass, until `deadline`.
  ///
  /// - Parameters:
  ///   - deadline: When the answer is of no use any more; `body` gets it too.
  ///   - maxWait: The longest pause before a retry that is worth it, as compared to asking another.
  ///   - metrics: Where attempts are counted.
  ///   - body: One attempt.
  /// - Returns: What the first attempt that succeeds returns.
  /// - Throws: The last attempt's error; without an attempt, the error that made the provider cool
  ///   down.
  package func call<Value: Sendable>(
    until deadline: ContinuousClock.Instant,
    maxWait: Duration,
    metrics: ProviderMetrics? = nil,
    _ body: (ContinuousClock.Instant) async throws(ProviderError) -> Value
  ) async throws(ProviderError) -> Value {
    var admission = try self.enter()
    let start = ContinuousClock.now
    var retry = 0
    while true {
      let error: ProviderError
      do {
        let value = try await body(deadline)
        metrics?.record(nil)
        self.succeed(admission)
        return value
      } catch let failure {
        error = Task.isCancelled ? .cancelled : failure
        metrics?.record(error)
      }
      let isLast = admission.probe != nil || retry >= self.policy.maxRetries
      guard !isLast, let wait = self.wait(after: error, retry: retry), wait <= maxWait,
        ContinuousClock.now + wait < deadline, self.takeRetry()
      else {
        self.fail(error, admission, timeGiven: deadline - start)
        throw error
      }
      do {
        try await withoutTurn { try await Task.sleep(for: wait) }
      } catch {
        throw .cancelled
      }
      // Another call may have found meanwhile that it is of no use.
      admission.epoch = try self.epochUnlessResting()
      retry += 1
    }
  }

  private func takeRetry() -> Bool {
    self.record.withLock { record in
      guard record.retries >= 1 else { return false }
      record.retries -= 1
      return true
    }
  }

  private func epochUnlessResting() throws(ProviderError) -> Int {
    let epoch = self.record.withLock { record -> Result<Int, ProviderError> in
      let remaining = record.rest.map { $0.until - ContinuousClock.now } ?? .zero
      guard let rest = record.rest, remaining > .zero else { return .success(record.epoch) }
      return .failure(rest.error.asking(toWait: remaining))
    }
    return try epoch.get()
  }

  private func wait(after error: ProviderError, retry: Int) -> Duration? {
    guard case .later(let hint) = error.treatment.retry, hint.isAllowed else { return nil }
    return hint.after ?? self.policy.wait(beforeRetry: retry)
  }

  private func enter() throws(ProviderError) -> Admission {
    let admission = self.record.withLock { record -> Result<Admission, ProviderError> in
      record.retries = min(
        self.policy.spareRetries,
        record.retries + self.policy.retriesPerCall
      )
      guard let rest = record.rest else {
        return .success(Admission(epoch: record.epoch))
      }
      let now = ContinuousClock.now
      let remaining = rest.until - now
      let isTried = record.probe.map { now - $0 < self.policy.probePatience } ?? false
      guard remaining <= .zero, !isTried else {
        return .failure(rest.error.asking(toWait: max(.zero, remaining)))
      }
      record.probe = now
      return .success(Admission(epoch: record.epoch, probe: now))
    }
    return try admission.get()
  }

  private func succeed(_ admission: Admission) {
    self.record.withLock { record in
      record.endProbe(admission)
      // What was asked before a rest began knows nothing of its reason.
      guard admission.epoch == record.epoch else { return }
      (record.failures, record.longFailures) = (0, 0)
      guard record.rest != nil else { return }
      (record.rest, record.probe) = (nil, nil)
      record.epoch += 1
    }
  }

  private func fail(_ error: ProviderError, _ admission: Admission, timeGiven: Duration) {
    self.record.withLock { record in
      record.endProbe(admission)
      // A call that was under way when a rest began knows nothing new.
      guard admission.epoch == record.epoch, admission.probe != nil || record.rest == nil else {
        return
      }
      if error.treatment.coolDown == .none || error == .timedOut && timeGiven < self.policy.fairTime
      {
        return
      }
      let isLong = error.treatment.coolDown == .long
      if isLong { record.longFailures += 1 } else { record.failures += 1 }
      let failures = isLong ? record.longFailures : record.failures
      guard let rest = self.policy.rest(after: error, failures: failures) else { return }
      let end = ContinuousClock.now + rest
      record.rest = (max(end, record.rest?.until ?? end), error)
      record.epoch += 1
    }
  }
}

extension ProviderError {
  /// This error with a hint of how long its provider rests still.
  fileprivate func asking(toWait wait: Duration) -> ProviderError {
    switch self {
    case .rateLimited: .rateLimited(RetryHint(after: wait))
    // This caller's time hasn't run out: it was never used.
    case .overloaded, .timedOut: .overloaded(RetryHint(after: wait))
    default: self
    }
  }
}
