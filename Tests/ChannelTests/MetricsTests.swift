import Channel
import Metrics
import MetricsTestKit
import RPC
import Testing

@Suite(.timeLimit(.minutes(2)))
struct `A channel's metrics` {
  private static let metrics: TestMetrics = {
    let metrics = TestMetrics()
    MetricsSystem.bootstrap(metrics)
    return metrics
  }()

  @Test func `count calls, attempts and retries by method and code`() async throws {
    let metrics = Self.metrics
    let replica = Replica { number, _ in
      if number == 1 { throw RPCError(.unavailable, "not yet") }
    }
    try await serving([replica]) { ports in
      try await withChannel(named: "counted", to: ports) { client, _ in
        #expect(await client.failure() == nil)
        let own = [("target", "counted"), ("rpc_method", "t.v1.T/Harmless")]
        let attempts = try metrics.expectCounter("rpc_client_attempts_started_total", own)
        #expect(attempts.totalValue == 2)
        #expect(try metrics.expectCounter("rpc_client_call_retries_total", own).totalValue == 1)
        let failed = try metrics.expectTimer(
          "rpc_client_attempt_duration_seconds",
          own + [("rpc_status_code", "unavailable")]
        )
        #expect(failed.values.count == 1)
        let endpoint = [("target", "counted"), ("endpoint", "127.0.0.1:\(ports[0])")]
        let isShown = await eventually {
          (try? metrics.expectMeter("rpc_client_endpoint_state", endpoint))?.values.last == 0
        }
        #expect(isShown)
      }
    }
  }
}
