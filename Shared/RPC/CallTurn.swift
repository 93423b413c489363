import Synchronization

/// Who counts calls that are at work.
package protocol CallCounter: AnyObject, Sendable {
  /// Counts a call no more.
  ///
  /// - Parameters:
  ///   - atWork: How long it was counted.
  ///   - end: How it ended.
  func leave(atWork: Duration, _ end: CallEnd)
  /// Does without a call that only waits until `resume`; `false` where it stays counted.
  func pause() -> Bool
  /// Counts a call again, at once: it has waited for its turn before.
  func resume()
}

/// The right of a call to be at work, once it has come.
package final class CallTurn: Sendable {
  private struct State {
    var counter: (any CallCounter)?
    var began = ContinuousClock.now
    /// Waits under way: parts of one call may wait at the same time.
    var waits = 0
    /// Since when the call isn't counted, or `nil` while it is.
    var pausedAt: ContinuousClock.Instant?
    var paused = Duration.zero
  }

  private let state = Mutex(State())

  package init() {}

  package func begin(_ counter: any CallCounter) {
    self.state.withLock { state in
      state.counter = counter
      state.began = .now
    }
  }

  package func end(_ end: CallEnd) {
    let state = self.state.withLock { $0 }
    state.counter?.leave(atWork: state.began.duration(to: .now) - state.paused, end)
  }

  package func pause() {
    self.state.withLock { state in
      state.waits += 1
      guard state.waits == 1, state.counter?.pause() == true else { return }
      state.pausedAt = .now
    }
  }

  package func resume() {
    self.state.withLock { state in
      state.waits -= 1
      guard state.waits == 0, let pausedAt = state.pausedAt else { return }
      state.pausedAt = nil
      state.paused += pausedAt.duration(to: .now)
      state.counter?.resume()
    }
  }
}

/// Waits for what others do, while the call being served leaves its turn to one that has work.
///
/// How long that takes says nothing of this process, so it isn't counted as the call's own time.
///
/// - Parameters:
///   - applies: Whether to do so; the turn is kept otherwise.
///   - wait: The wait, with no work worth mentioning in it.
/// - Returns: What `wait` returns.
/// - Throws: What `wait` throws.
nonisolated(nonsending) package func withoutTurn<Value, Failure: Error>(
  if applies: Bool = true,
  _ wait: nonisolated(nonsending) () async throws(Failure) -> Value
) async throws(Failure) -> Value {
  guard applies, let turn = CallScope.current.turn else { return try await wait() }
  turn.pause()
  defer { turn.resume() }
  return try await wait()
}
