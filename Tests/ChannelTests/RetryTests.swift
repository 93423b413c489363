import Channel
import HTTPMessage
import RPC
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct `Retries` {
  private static let down: Replica.Answer = { _, _ in throw RPCError(.unavailable, "down") }

  /// A policy with short waits.
  private static func quick(_ attempts: Int = 3) -> ServiceConfig {
    var config = ServiceConfig()
    var policy = RetryPolicy()
    policy.maxAttempts = attempts
    policy.initialBackoff = .milliseconds(1)
    config.fallback.repetition = .retry(policy)
    config.outliers.maxEjectedPercent = 0
    return config
  }

  @Test(
    arguments: [
      (TestMethods.harmless, 3), (TestMethods.idempotent, 3), (TestMethods.unknown, 1),
    ]
  )
  func `happen only where calling twice does no harm`(
    method: Method<SpaceRequest, SpaceResponse>,
    attempts: Int
  ) async throws {
    let replica = Replica(Self.down)
    try await serving([replica]) { ports in
      try await withChannel(to: ports, Self.quick()) { client, _ in
        let error = await client.failure(method)
        #expect(error?.code == .unavailable)
        #expect(replica.calls == attempts)
      }
    }
  }

  @Test func `happen for any method with an idempotency key`() async throws {
    let replica = Replica(Self.down)
    try await serving([replica]) { ports in
      try await withChannel(to: ports, Self.quick(2)) { client, _ in
        _ = await client.failure(TestMethods.unknown, fields: ["idempotency-key": "k1"])
        #expect(replica.calls == 2)
      }
    }
  }

  @Test(arguments: [Code.invalidArgument, .notFound, .internal, .deadlineExceeded, .unimplemented])
  func `don't happen for other errors`(code: Code) async throws {
    let replica = Replica { _, _ in throw RPCError(code, "no") }
    try await serving([replica]) { ports in
      try await withChannel(to: ports, Self.quick()) { client, _ in
        let error = await client.failure()
        #expect(error?.code == code)
        #expect(replica.calls == 1)
      }
    }
  }

  @Test func `end with the first success, and say how many there were before`() async throws {
    let replica = Replica { number, _ in
      if number < 3 { throw RPCError(.unavailable, "not yet") }
    }
    try await serving([replica]) { ports in
      try await withChannel(to: ports, Self.quick()) { client, _ in
        let error = await client.failure(timeout: .seconds(5))
        #expect(error == nil)
        let fields = replica.fields
        #expect(fields.map { $0["grpc-previous-rpc-attempts"] } == [nil, "1", "2"])
        let left = fields.compactMap { $0["connect-timeout-ms"].flatMap(Int.init) }
        #expect(left.count == 3 && left[0] <= 5000 && left[2] < left[0])
      }
    }
  }

  @Test func `go to another endpoint`() async throws {
    let replicas = [Replica(Self.down), Replica()]
    try await serving(replicas) { ports in
      var config = Self.quick()
      config.balancing = .pickFirst
      try await withChannel(to: ports, config) { client, _ in
        for _ in 0..<3 { #expect(await client.failure() == nil) }
        #expect(replicas.map(\.calls) == [3, 3])
      }
    }
  }

  @Test func `wait as long as the server asks`() async throws {
    let replica = Replica { number, _ in
      let pushback = ErrorDetail.retryInfo(after: .milliseconds(200))
      if number == 1 { throw RPCError(.resourceExhausted, "busy", details: [pushback]) }
    }
    try await serving([replica]) { ports in
      try await withChannel(to: ports, Self.quick()) { client, _ in
        let error = await client.failure()
        #expect(error == nil)
        #expect(replica.times[1] - replica.times[0] >= .milliseconds(200))
      }
    }
  }

  @Test func `of what is exhausted need a time to wait`() async throws {
    let replica = Replica { _, _ in throw RPCError(.resourceExhausted, "quota") }
    try await serving([replica]) { ports in
      try await withChannel(to: ports, Self.quick()) { client, _ in
        let error = await client.failure()
        #expect(error?.code == .resourceExhausted)
        #expect(replica.calls == 1)
      }
    }
  }

  @Test(arguments: [("grpc-retry-pushback-ms", "-1"), ("x-should-retry", "false")])
  func `don't happen where the server wants none`(name: String, value: String) async throws {
    let replica = Replica { _, context in
      context.responseFields.append(name, value)
      throw RPCError(.unavailable, "down for good")
    }
    try await serving([replica]) { ports in
      try await withChannel(to: ports, Self.quick()) { client, _ in
        _ = await client.failure()
        #expect(replica.calls == 1)
      }
    }
  }

  @Test func `don't begin when there is no time left for them`() async throws {
    let replica = Replica { _, _ in
      throw RPCError(.unavailable, "later", details: [.retryInfo(after: .seconds(10))])
    }
    try await serving([replica]) { ports in
      try await withChannel(to: ports, Self.quick()) { client, _ in
        let began = ContinuousClock.now
        let error = await client.failure(timeout: .seconds(5))
        #expect(error?.code == .unavailable)
        #expect(.now - began < .seconds(4))
      }
    }
  }

  @Test func `are few when everything is down`() async throws {
    let replicas = [Replica(Self.down), Replica(Self.down), Replica(Self.down)]
    try await serving(replicas) { ports in
      var config = Self.quick(5)
      config.outliers = OutlierDetection()
      try await withChannel(to: ports, config) { client, channel in
        for _ in 0..<1000 {
          let error = await client.failure()
          #expect(error?.code == .unavailable)
        }
        #expect(replicas.map(\.calls).reduce(0, +) <= 1200)
        #expect(channel.snapshot().retryTokens == 0)
      }
    }
  }

  @Test func `share the time limit of their method`() async throws {
    let replica = Replica { _, _ in try await Task.sleep(for: .seconds(30)) }
    try await serving([replica]) { ports in
      var config = Self.quick()
      config.fallback.timeout = .milliseconds(150)
      try await withChannel(to: ports, config) { client, _ in
        let began = ContinuousClock.now
        let error = await client.failure(timeout: .seconds(20))
        #expect(error?.code == .deadlineExceeded)
        #expect(.now - began < .seconds(10))
        #expect(replica.fields.first?["connect-timeout-ms"].flatMap(Int.init) ?? 0 <= 150)
      }
    }
  }

  @Test func `don't follow a call that was cancelled`() async throws {
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let replica = Replica { _, _ in
      start.yield()
      try await Task.sleep(for: .seconds(30))
    }
    try await serving([replica]) { ports in
      try await withChannel(to: ports, Self.quick()) { client, channel in
        let call = Task { await client.failure() }
        for await _ in started.prefix(1) {}
        call.cancel()
        #expect(await call.value?.code == .canceled)
        #expect(replica.calls == 1)
        #expect(await eventually { channel.snapshot().endpoints.first?.inFlight == 0 })
      }
    }
  }
}

@Suite(.timeLimit(.minutes(2)))
struct `Requests that reached no handler` {
  /// A channel over handlers that fail as told, by the number of the attempt.
  private static func attempts(
    _ method: Method<SpaceRequest, SpaceResponse>,
    endpoints: Int = 1,
    _ reasons: [HTTPTransportError.Reason]
  ) async throws -> (sent: Int, error: RPCError?) {
    let sent = Mutex(0)
    return try await withChannel(
      to: Array(1...endpoints),
      transport: { _ in
        EndpointTransport(handler: { request in
          // A look at whether the endpoint is there is none of the call's requests.
          if request.target != HealthMethods.check.path {
            let number = sent.withLock { sent in
              sent += 1
              return sent
            }
            if number <= reasons.count { throw HTTPTransportError(reasons[number - 1], "test") }
          }
          return HTTPResponse(status: 200, fields: ["content-type": "application/proto"])
        })
      }
    ) { client, _ in
      let error = await client.failure(method)
      return (sent.withLock { $0 }, error)
    }
  }

  @Test func `are sent again whatever they are`() async throws {
    let outcome = try await Self.attempts(TestMethods.unknown, [.refused])
    #expect(outcome.sent == 2)
    #expect(outcome.error == nil)
  }

  @Test func `go on to the next endpoint until one can be reached`() async throws {
    let failures = [HTTPTransportError.Reason](repeating: .unreachable, count: 7)
    let outcome = try await Self.attempts(TestMethods.unknown, endpoints: 8, failures)
    #expect(outcome.sent == 8)
    #expect(outcome.error == nil)
  }

  @Test func `fail at once when no endpoint can be reached`() async throws {
    let failures = [HTTPTransportError.Reason](repeating: .unreachable, count: 9)
    let outcome = try await Self.attempts(TestMethods.harmless, endpoints: 3, failures)
    #expect(outcome.sent == 3)
    #expect(outcome.error?.reason == "UNREACHABLE")
  }

  @Test func `count as attempts when they are refused a second time`() async throws {
    let failures = [HTTPTransportError.Reason](repeating: .refused, count: 9)
    let outcome = try await Self.attempts(TestMethods.unknown, failures)
    // One for nothing, three that the policy allows.
    #expect(outcome.sent == 4)
    #expect(outcome.error?.reason == "REFUSED")
  }

  @Test func `are told from those that may have reached one`() async throws {
    let unknown = try await Self.attempts(TestMethods.unknown, [.interrupted])
    #expect(unknown.sent == 1)
    #expect(unknown.error?.reason == "INTERRUPTED")
    let harmless = try await Self.attempts(TestMethods.harmless, [.interrupted])
    #expect(harmless.sent == 2)
    #expect(harmless.error == nil)
  }

  @Test(arguments: [HTTPTransportError.Reason.timedOut, .responseTooLarge])
  func `are told from those for which another attempt is no use`(
    reason: HTTPTransportError.Reason
  ) async throws {
    #expect(try await Self.attempts(TestMethods.harmless, [reason]).sent == 1)
  }
}
