import HTTPMessage
import Metrics
import RPC
import Synchronization

extension ServiceChannel {
  /// Sends a call, which has had `previous` attempts, to one endpoint, and to others as long as it
  /// certainly reached none.
  nonisolated(nonsending) func attempt(_ call: ChannelCall, previous: Int) async -> Attempt {
    while true {
      let pick: Fleet.Pick
      do { pick = try await self.pick(for: call) } catch {
        var attempt = Attempt(error)
        attempt.isLast = true
        return attempt
      }
      let attempt = await self.attempt(call, previous: previous, pick)
      switch attempt.transportReason {
      // It never left: another endpoint may do, without that this counts as an attempt.
      case .unreachable? where !pick.isLastResort: break
      case .refused? where !pick.isLastResort && call.claimResend(): break
      default: return attempt
      }
      call.method.metrics.transparentRetries.increment()
    }
  }

  nonisolated(nonsending) private func attempt(
    _ call: ChannelCall,
    previous: Int,
    _ pick: Fleet.Pick
  ) async -> Attempt {
    let metrics = call.method.metrics
    metrics.attempts.increment()
    let began = ContinuousClock.now
    var attempt: Attempt
    do {
      attempt = Attempt(try await pick.handler(call.request(to: pick, previous: previous)))
    } catch {
      attempt = Attempt(error)
    }
    attempt.isLast = attempt.isLast || pick.isLastResort
    let now = ContinuousClock.now
    metrics.attempt(now - began, attempt.code)
    let verdict = attempt.verdict(latency: now - began, deadline: call.deadline)
    let change = self.fleet.withLock { $0.finish(pick.id, verdict, now: now) }
    self.follow(change)
    return attempt
  }

  /// Acts on what the end of an attempt changed.
  func follow(_ change: Fleet.Change) {
    if let rule = change.ejectedBy { self.metrics.ejected(by: rule) }
    if change.isBack { self.waiters.wake() }
    // The name may stand for other machines by now.
    if change.isLost { self.upkeep.withLock { $0.resolveSoon() } }
  }

  /// The endpoint for the next attempt, awaited where names have not been looked up yet or the
  /// call is one that waits.
  nonisolated(nonsending) private func pick(for call: ChannelCall) async throws -> Fleet.Pick {
    let waits = call.method.config.waitsForReady
    let wish = Fleet.Wish(
      tried: call.tried,
      mayProbe: self.mayRepeat(call),
      takesUnreachable: !waits
    )
    var generation: UInt64?
    while true {
      try Task.checkCancellation()
      let (pick, isResolved, isClosed) = self.fleet.withLock { fleet in
        (fleet.pick(wish, now: .now), fleet.isResolved, fleet.isClosed)
      }
      if let pick {
        call.noteTried(pick.id)
        return pick
      }
      guard !isClosed else { throw HTTPTransportError(.unreachable, "the channel is closed") }
      guard waits || !isResolved else {
        throw HTTPTransportError(.unreachable, "\(self.name) has no endpoint that can be reached")
      }
      if let generation { try await self.wait(after: generation, call) }
      // Before the next look, so that no change is missed.
      generation = self.waiters.generation
    }
  }

  nonisolated(nonsending) private func wait(
    after generation: UInt64,
    _ call: ChannelCall
  )
    async throws
  {
    guard let deadline = call.deadline else {
      return await self.waiters.wait(after: generation)
    }
    let waiters = self.waiters
    try await withDeadline(deadline) { await waiters.wait(after: generation) }
  }

  /// Whether a failed attempt of the call could be followed by another.
  private func mayRepeat(_ call: ChannelCall) -> Bool {
    switch call.method.config.repetition {
    case .none: false
    case .retry: call.idempotency != .unknown
    case .hedge(let policy):
      call.idempotency == .noSideEffects && policy.nonFatalCodes.contains(.unavailable)
    }
  }
}
