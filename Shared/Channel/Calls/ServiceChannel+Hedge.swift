import Metrics
import RPC
import Synchronization

extension ServiceChannel {
  private enum Event: Sendable {
    case ended(Attempt)
    /// It is time for another attempt, unless another was started since this number of them.
    case isTime(started: Int)
  }

  /// Further attempts while earlier ones go on; the first answer counts and ends the others.
  ///
  /// Source: https://github.com/grpc/proposal/blob/master/A6-client-retries.md#hedging-policy
  nonisolated(nonsending) func hedge(_ call: ChannelCall, _ policy: HedgingPolicy) async -> Attempt
  {
    let delay = call.method.hedgingDelay(policy)
    return await withTaskGroup(of: Event.self) { group in
      var started = 0
      var running = 0
      var isOver = false
      var latest: Attempt?
      func start(after wait: Duration?) {
        guard let wait, !isOver, started < policy.maxAttempts else { return }
        group.addTask { [started] in
          do { try await Task.sleep(for: wait) } catch { return .isTime(started: 0) }
          return .isTime(started: started)
        }
      }
      func begin() {
        let previous = started
        started += 1
        running += 1
        group.addTask { .ended(await self.attempt(call, previous: previous)) }
        start(after: delay)
      }
      begin()
      while let event = await group.next() {
        switch event {
        case .isTime(let number):
          guard number == started, !isOver, self.takeHedge(call) else { continue }
          begin()
        case .ended(let attempt):
          running -= 1
          latest = attempt
          let isNonFatal = attempt.code.map { policy.nonFatalCodes.contains($0) } ?? false
          self.count(attempt, isRetryable: isNonFatal)
          isOver = isOver || attempt.pushback.isRefused || attempt.isLast
          if isNonFatal, !isOver, started < policy.maxAttempts {
            if let pushback = attempt.pushback.delay {
              start(after: pushback)
              continue
            }
            if self.takeHedge(call) {
              begin()
              continue
            }
          }
          if isNonFatal || attempt.isLast, running > 0 { continue }
          group.cancelAll()
          return attempt
        }
      }
      return latest ?? Attempt(CancellationError())
    }
  }

  private func takeHedge(_ call: ChannelCall) -> Bool {
    guard self.allowance.withLock({ $0.take() }) else { return false }
    call.method.metrics.hedges.increment()
    return true
  }
}
