import Metrics
import RPC
import Synchronization

/// What is counted of a method's calls, by OpenTelemetry's names as Prometheus writes them.
///
/// Source: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/
final class MethodMetrics: Sendable {
  let attempts: Counter
  let retries: Counter
  let hedges: Counter
  let transparentRetries: Counter
  let retryDelay: Metrics.Timer
  private let dimensions: [(String, String)]
  private let attemptTimes = Mutex<[Code?: Metrics.Timer]>([:])

  init(channel: String, method: String) {
    let dimensions = [("target", channel), ("rpc_method", method)]
    self.dimensions = dimensions
    self.attempts = Counter(label: "rpc_client_attempts_started_total", dimensions: dimensions)
    self.retries = Counter(label: "rpc_client_call_retries_total", dimensions: dimensions)
    self.hedges = Counter(label: "rpc_client_call_hedges_total", dimensions: dimensions)
    self.transparentRetries = Counter(
      label: "rpc_client_call_transparent_retries_total",
      dimensions: dimensions
    )
    self.retryDelay = Metrics.Timer(
      label: "rpc_client_call_retry_delay_seconds",
      dimensions: dimensions
    )
  }

  /// Notes one attempt; `code` is `nil` when it succeeded.
  func attempt(_ duration: Duration, _ code: Code?) {
    let timer = self.attemptTimes.withLock { timers in
      if let timer = timers[code] { return timer }
      let timer = Metrics.Timer(
        label: "rpc_client_attempt_duration_seconds",
        dimensions: self.dimensions + [("rpc_status_code", code?.name ?? "ok")]
      )
      timers[code] = timer
      return timer
    }
    timer.record(duration: duration)
  }
}
