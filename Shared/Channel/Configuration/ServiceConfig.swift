package import RPC

/// How calls are balanced, repeated and given up, in the vocabulary of gRPC's service config.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/service_config.md
package struct ServiceConfig: Sendable, Hashable {
  /// By service, or by service and method; what has no entry follows `fallback`.
  package var methods: [MethodName: MethodConfig] = [:]
  package var fallback = MethodConfig()
  package var throttling = RetryThrottling()
  package var budget = RetryBudget()
  package var balancing = Balancing.p2cEWMA
  package var health: HealthCheckConfig?
  package var outliers = OutlierDetection()
  /// Between two look-ups of a name, 100 ms at least.
  package var resolveInterval = Duration.seconds(5)

  package init() {}

  /// A service, or one of its methods.
  package struct MethodName: Sendable, Hashable {
    /// As in "grpc.health.v1.Health".
    package var service: String
    /// As in "Check", or `nil` for all of them.
    package var method: String?

    package init(service: String, method: String?) {
      self.service = service
      self.method = method
    }
  }

  /// The most specific entry for a method.
  func config(service: String, method: String) -> MethodConfig {
    self.methods[MethodName(service: service, method: method)]
      ?? self.methods[MethodName(service: service, method: nil)] ?? self.fallback
  }
}

/// What holds for the calls of a method.
package struct MethodConfig: Sendable, Hashable {
  /// For a whole call with all its attempts, where its own time limit is not shorter.
  package var timeout: Duration?
  /// Whether calls wait for an endpoint that answers instead of failing at once.
  package var waitsForReady = false
  package var repetition = Repetition.retry(RetryPolicy())

  package enum Repetition: Sendable, Hashable {
    case none
    case retry(RetryPolicy)
    case hedge(HedgingPolicy)
  }

  package init() {}
}

/// One attempt after the other.
///
/// Source: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
package struct RetryPolicy: Sendable, Hashable {
  /// The first one included, 2...5.
  package var maxAttempts = 3
  package var initialBackoff = Duration.milliseconds(25)
  package var maxBackoff = Duration.milliseconds(250)
  package var backoffMultiplier = 2.0
  /// `resource_exhausted` is worth another attempt too where the server says when.
  package var retryableCodes: Set<Code> = [.unavailable]

  package init() {}

  /// How long to wait before attempt `number`, 1 for the first repetition; `spread` is a number of
  /// 0.8...1.2, by chance.
  func backoff(before number: Int, spread: Double) -> Duration {
    var wait = self.initialBackoff
    for _ in 1..<max(number, 1) where wait < self.maxBackoff {
      wait = wait * self.backoffMultiplier
    }
    return min(wait, self.maxBackoff) * spread
  }
}

/// Further attempts while earlier ones go on; the first answer counts.
package struct HedgingPolicy: Sendable, Hashable {
  /// The first one included, 2...5.
  package var maxAttempts = 2
  /// Between two attempts, as long as there is no percentile to go by.
  package var delay = Duration.zero
  /// Failures after which the next attempt starts at once instead of failing the call.
  package var nonFatalCodes: Set<Code> = []
  /// The next attempt starts when this share of calls would have been answered, 50..<100.
  package var percentile: Double?

  package init(delay: Duration = .zero) { self.delay = delay }
}

/// Tokens that failures take and successes give; below half of them nothing is repeated.
package struct RetryThrottling: Sendable, Hashable {
  /// 1...1000.
  package var maxTokens = 100.0
  /// What a success gives, where a failure takes 1.
  package var tokenRatio = 0.2

  package init() {}
}

/// How many repetitions there may be for each call, hedges included.
package struct RetryBudget: Sendable, Hashable {
  /// Repetitions for each call, 0...1.
  package var ratio = 0.2
  /// Repetitions that may come before calls have earned them.
  package var reserve = 50.0

  package init() {}
}

/// Who gets the next call.
package enum Balancing: Sendable, Hashable {
  /// The first endpoint that can be used, as long as it can.
  case pickFirst
  case roundRobin
  /// Of `choiceCount` endpoints by chance, the one with the fewest calls in flight; 2...10.
  case leastRequest(choiceCount: Int)
  /// Of two endpoints by chance, the one with less latency times calls in flight.
  case p2cEWMA
}

/// The protocol by which endpoints are asked for their health.
package enum HealthProtocol: Sendable, Hashable {
  case connect, grpc
}

/// Asking each endpoint for its health.
package struct HealthCheckConfig: Sendable, Hashable {
  /// The service to ask about; empty for the whole server.
  package var serviceName = ""
  package var interval = Duration.seconds(5)

  package init(serviceName: String = "") { self.serviceName = serviceName }
}

/// When an endpoint is left out because it fails, with values for small fleets.
///
/// Source: https://github.com/grpc/proposal/blob/master/A50-xds-outlier-detection.md
package struct OutlierDetection: Sendable, Hashable {
  /// Failures in a row.
  package var consecutiveFailures = 5
  /// Of the calls of one interval, in percent.
  package var minSuccessPercent = 50.0
  /// Calls of one interval without which their share says nothing.
  package var minCalls = 20
  package var interval = Duration.seconds(10)
  /// The first time; doubled with each further one.
  package var baseEjection = Duration.seconds(30)
  package var maxEjection = Duration.seconds(300)
  /// While an endpoint is left out, one call is tried on it this often.
  package var probeInterval = Duration.seconds(8)
  /// Of the endpoints, in percent; one of two or more may always be left out.
  package var maxEjectedPercent = 50.0

  package init() {}
}
