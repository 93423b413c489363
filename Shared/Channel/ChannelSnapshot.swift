import FoundationEssentials
import RPC
import Synchronization

/// What a channel looks like at one moment, for operators.
package struct ChannelSnapshot: Sendable, Hashable, Encodable {
  package struct Endpoint: Sendable, Hashable, Encodable {
    /// As in "10.0.0.7:8081".
    package var address: String
    /// "ready", "cooling", "not_serving", "ejected" or "unreachable"; "leaving" when it is no longer
    /// listed and finishes its calls.
    package var state: String
    package var inFlight: Int
    /// Since the endpoint was added.
    package var calls: Int
    /// `nil` while nothing is known.
    package var ewmaSeconds: Double?
    package var failuresInARow: Int
    package var ejections: Int
    /// The latest ones, oldest first.
    package var recentFailures: [Failure]
  }

  package struct Failure: Sendable, Hashable, Encodable {
    package var secondsAgo: Double
    /// As in "unavailable".
    package var code: String
  }

  package var name: String
  /// As in "http://embedding:8082".
  package var targets: [String]
  package var policy: String
  package var isResolved: Bool
  package var retryTokens: Double
  /// Repetitions that calls have earned and none has used.
  package var retryBudget: Double
  /// Calls that wait for an endpoint.
  package var waitingCalls: Int
  package var endpoints: [Endpoint]

  /// The snapshot as a JSON object.
  package var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(self)).map(Array.init) ?? Array("{}".utf8)
  }
}

extension ServiceChannel {
  /// The endpoints and what is known of them, now.
  package func snapshot() -> ChannelSnapshot {
    let now = ContinuousClock.now
    let (listed, leaving, isResolved) = self.fleet.withLock {
      ($0.endpoints, $0.leaving, $0.isResolved)
    }
    let allowance = self.allowance.withLock { $0 }
    return ChannelSnapshot(
      name: self.name,
      targets: self.targets.map { "\($0.scheme)://\($0.endpoint(at: $0.host).authority)" },
      policy: self.config.balancing.name,
      isResolved: isResolved,
      retryTokens: allowance.tokens,
      retryBudget: allowance.earned,
      waitingCalls: self.waiters.count,
      endpoints: listed.map { ChannelSnapshot.Endpoint($0, $0.state(at: now).rawValue, now) }
        + leaving.map { ChannelSnapshot.Endpoint($0, "leaving", now) }
    )
  }
}

extension ChannelSnapshot.Endpoint {
  fileprivate init(_ endpoint: Endpoint, _ state: String, _ now: ContinuousClock.Instant) {
    self.address = endpoint.address.description
    self.state = state
    self.inFlight = endpoint.inFlight
    self.calls = endpoint.calls
    self.ewmaSeconds = endpoint.latency.seconds(at: now)
    self.failuresInARow = endpoint.failuresInARow
    self.ejections = endpoint.ejections
    self.recentFailures = endpoint.failures.map { failure in
      ChannelSnapshot.Failure(
        secondsAgo: (now - failure.time) / .seconds(1),
        code: failure.code.name
      )
    }
  }
}

extension Balancing {
  /// As in a service config.
  fileprivate var name: String {
    switch self {
    case .pickFirst: "pick_first"
    case .roundRobin: "round_robin"
    case .leastRequest: "least_request"
    case .p2cEWMA: "p2c_ewma"
    }
  }
}
