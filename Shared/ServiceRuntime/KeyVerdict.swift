import Synchronization

/// What a service last said of our key.
final class KeyVerdict: Sendable {
  private struct State {
    var isRefused = false
    /// When a key that was taken should be shown again.
    var renewal: ContinuousClock.Instant?
  }

  private static let lifetime = Duration.seconds(30)

  private let state = Mutex(State())

  var isRefused: Bool { self.state.withLock { $0.isRefused } }

  /// Whether the key was taken a while ago at most: to be shown with each look at readiness, it
  /// would count among the calls of its rate limit.
  var isTaken: Bool {
    let now = ContinuousClock.now
    return self.state.withLock { state in state.renewal.map { now < $0 } ?? false }
  }

  func set(isRefused: Bool) {
    let renewal = ContinuousClock.now + Self.lifetime
    self.state.withLock { state in
      state.isRefused = isRefused
      state.renewal = isRefused ? nil : renewal
    }
  }
}
