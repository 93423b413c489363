import Contracts
import Synchronization

/// Where the models are that a service behind the gateway asks.
///
/// A service with models of its own works while it is waited for, on the same machine as often as
/// not, so its slowness is overload. One that asks others only waits.
final class ModelsBehind: Sendable {
  private let elsewhere = Atomic(true)

  /// Whether the service waits for others; assumed until it has answered.
  var areElsewhere: Bool { self.elsewhere.load(ordering: .relaxed) }

  /// Takes in who answered a call.
  ///
  /// Where its own model only stood in for another, that one was waited for before.
  func learn(
    from usage: Netflixgpt_Answer_V1_Usage,
    _ degraded: [Netflixgpt_Answer_V1_Degradation]
  ) {
    guard !usage.provider.isEmpty else { return }
    self.elsewhere.store(usage.provider != "local" || !degraded.isEmpty, ordering: .relaxed)
  }
}
