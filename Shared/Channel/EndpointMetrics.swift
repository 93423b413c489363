import Metrics
import Synchronization

/// The state of a channel's endpoints as gauges, taken now and then.
final class EndpointMetrics: Sendable {
  private struct Gauges {
    let inFlight: Meter
    let seconds: Meter
    let state: Meter

    func destroy() {
      self.inFlight.destroy()
      self.seconds.destroy()
      self.state.destroy()
    }
  }

  private let channel: String
  private let tokens: Meter
  private let gauges = Mutex<[String: Gauges]>([:])
  private let ejections = Mutex<[String: Counter]>([:])

  init(channel: String) {
    self.channel = channel
    self.tokens = Meter(label: "rpc_client_retry_tokens", dimensions: [("target", channel)])
  }

  func ejected(by rule: String) {
    self.ejections.withLock { ejections in
      let counter =
        ejections[rule]
        ?? Counter(
          label: "rpc_client_ejections_total",
          dimensions: [("target", self.channel), ("method", rule)]
        )
      ejections[rule] = counter
      counter.increment()
    }
  }

  /// Sets the gauges; those of endpoints that are gone end.
  ///
  /// A state is the place of its case in `Endpoint.State`, 0 for ready.
  func set(_ endpoints: [Endpoint], tokens: Double, now: ContinuousClock.Instant) {
    self.tokens.set(tokens)
    self.gauges.withLock { gauges in
      let names = Set(endpoints.map(\.address.description))
      for (name, gone) in gauges where !names.contains(name) {
        gone.destroy()
        gauges[name] = nil
      }
      for endpoint in endpoints {
        let name = endpoint.address.description
        let own = gauges[name] ?? self.gauges(of: name)
        gauges[name] = own
        own.inFlight.set(endpoint.inFlight)
        own.seconds.set(endpoint.latency.seconds(at: now) ?? 0)
        own.state.set(Endpoint.State.allCases.firstIndex(of: endpoint.state(at: now)) ?? 0)
      }
    }
  }

  private func gauges(of endpoint: String) -> Gauges {
    let dimensions = [("target", self.channel), ("endpoint", endpoint)]
    return Gauges(
      inFlight: Meter(label: "rpc_client_endpoint_inflight", dimensions: dimensions),
      seconds: Meter(label: "rpc_client_endpoint_ewma_seconds", dimensions: dimensions),
      state: Meter(label: "rpc_client_endpoint_state", dimensions: dimensions)
    )
  }
}
