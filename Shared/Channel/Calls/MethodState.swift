import RPC
import Synchronization

/// What a channel knows of one method.
final class MethodState: Sendable {
  let config: MethodConfig
  let idempotency: Idempotency
  let metrics: MethodMetrics
  private let latencies: Mutex<LatencyHistogram>?

  init(config: MethodConfig, idempotency: Idempotency, metrics: MethodMetrics) {
    self.config = config
    self.idempotency = idempotency
    self.metrics = metrics
    if case .hedge(let policy) = config.repetition, policy.percentile != nil {
      self.latencies = Mutex(LatencyHistogram(now: .now))
    } else {
      self.latencies = nil
    }
  }

  /// Notes a call that succeeded, where latencies are asked for.
  func record(since began: ContinuousClock.Instant) {
    self.latencies?.withLock { latencies in
      let now = ContinuousClock.now
      latencies.record(now - began, now: now)
    }
  }

  /// How long to wait for an answer before the next attempt; `nil` for as long as it takes.
  func hedgingDelay(_ policy: HedgingPolicy) -> Duration? {
    guard let percentile = policy.percentile else { return policy.delay }
    let known = self.latencies?.withLock { $0.percentile(percentile) }
    return known.map { max($0, .milliseconds(1)) } ?? (policy.delay > .zero ? policy.delay : nil)
  }
}

/// The methods that a channel was asked for.
final class MethodDirectory: Sendable {
  /// What calling the method of a path twice does; `nil` for a path that no method has.
  typealias Lookup = @Sendable (String) -> Idempotency?

  private let channel: String
  private let config: ServiceConfig
  private let idempotency: Lookup
  /// By the request's target, of methods that exist.
  private let known = Mutex<[String: MethodState]>([:])
  private let others: MethodMetrics

  init(channel: String, config: ServiceConfig, idempotency: @escaping Lookup) {
    self.channel = channel
    self.config = config
    self.idempotency = idempotency
    self.others = MethodMetrics(channel: channel, method: "_OTHER")
  }

  func method(of target: String) -> MethodState {
    if let state = self.known.withLock({ $0[target] }) { return state }
    let path = target.prefix { $0 != "?" }
    let parts = path.split(separator: "/").suffix(2)
    guard let service = parts.first, let method = parts.last, parts.count == 2 else {
      return MethodState(config: self.config.fallback, idempotency: .unknown, metrics: self.others)
    }
    let config = self.config.config(service: String(service), method: String(method))
    guard let idempotency = self.idempotency("/\(service)/\(method)") else {
      return MethodState(config: config, idempotency: .unknown, metrics: self.others)
    }
    return self.known.withLock { known in
      if let state = known[String(path)] { return state }
      let state = MethodState(
        config: config,
        idempotency: idempotency,
        metrics: MethodMetrics(channel: self.channel, method: "\(service)/\(method)")
      )
      // The prefix of a path is configured, so there are as many paths as methods.
      known[String(path)] = state
      return state
    }
  }
}
