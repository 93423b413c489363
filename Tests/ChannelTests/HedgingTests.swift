import Channel
import HTTPMessage
import RPC
import Testing

@Suite(.timeLimit(.minutes(2)))
struct `Hedging` {
  private static func config(
    after delay: Duration,
    _ nonFatal: Set<Code> = [],
    attempts: Int = 2
  ) -> ServiceConfig {
    var config = ServiceConfig()
    var policy = HedgingPolicy(delay: delay)
    policy.nonFatalCodes = nonFatal
    policy.maxAttempts = attempts
    config.fallback.repetition = .hedge(policy)
    config.balancing = .pickFirst
    return config
  }

  private static let hangs: Replica.Answer = { _, _ in try await Task.sleep(for: .seconds(30)) }

  @Test func `asks another endpoint when the first is slow, and cancels the loser`() async throws {
    let (cancelled, cancel) = AsyncStream.makeStream(of: Void.self)
    let slow = Replica { _, _ in
      do { try await Task.sleep(for: .seconds(30)) } catch {
        cancel.yield()
        throw error
      }
    }
    let fast = Replica()
    try await serving([slow, fast]) { ports in
      try await withChannel(to: ports, Self.config(after: .milliseconds(30))) { client, channel in
        let began = ContinuousClock.now
        #expect(await client.failure() == nil)
        #expect(.now - began < .seconds(10))
        #expect(fast.fields.first?["grpc-previous-rpc-attempts"] == "1")
        for await _ in cancelled.prefix(1) {}
        #expect(channel.snapshot().endpoints.map(\.inFlight) == [0, 0])
      }
    }
  }

  @Test func `starts no second attempt when the first is fast`() async throws {
    let replicas = [Replica(), Replica()]
    try await serving(replicas) { ports in
      try await withChannel(to: ports, Self.config(after: .seconds(20))) { client, _ in
        for _ in 0..<20 { #expect(await client.failure() == nil) }
        #expect(replicas.map(\.calls) == [20, 0])
      }
    }
  }

  @Test(arguments: [TestMethods.idempotent, TestMethods.unknown])
  func `is only for methods without side effects`(
    method: Method<SpaceRequest, SpaceResponse>
  ) async throws {
    let replicas = [Replica { _, _ in try await Task.sleep(for: .milliseconds(200)) }, Replica()]
    try await serving(replicas) { ports in
      try await withChannel(to: ports, Self.config(after: .milliseconds(10))) { client, _ in
        #expect(await client.failure(method) == nil)
        #expect(replicas.map(\.calls) == [1, 0])
      }
    }
  }

  @Test func `goes on at once after a failure that is not fatal`() async throws {
    let replicas = [Replica { _, _ in throw RPCError(.unavailable, "down") }, Replica()]
    try await serving(replicas) { ports in
      let config = Self.config(after: .seconds(20), [.unavailable])
      try await withChannel(to: ports, config) { client, _ in
        let began = ContinuousClock.now
        #expect(await client.failure() == nil)
        #expect(.now - began < .seconds(10))
        #expect(replicas.map(\.calls) == [1, 1])
      }
    }
  }

  @Test func `ends with a failure that is fatal`() async throws {
    let replicas = [Replica { _, _ in throw RPCError(.unavailable, "down") }, Replica()]
    try await serving(replicas) { ports in
      try await withChannel(to: ports, Self.config(after: .seconds(20))) { client, _ in
        #expect(await client.failure()?.code == .unavailable)
        #expect(replicas.map(\.calls) == [1, 0])
      }
    }
  }

  @Test func `gives the last failure when every attempt failed`() async throws {
    let down: Replica.Answer = { _, _ in throw RPCError(.unavailable, "down") }
    let replicas = [Replica(down), Replica(down), Replica(down)]
    try await serving(replicas) { ports in
      let config = Self.config(after: .seconds(20), [.unavailable], attempts: 3)
      try await withChannel(to: ports, config) { client, _ in
        #expect(await client.failure()?.code == .unavailable)
        #expect(replicas.map(\.calls) == [1, 1, 1])
      }
    }
  }

  @Test func `stops where a server wants no further attempt`() async throws {
    let down: Replica.Answer = { _, context in
      context.responseFields.append("grpc-retry-pushback-ms", "-1")
      throw RPCError(.unavailable, "down")
    }
    let replicas = [Replica(down), Replica()]
    try await serving(replicas) { ports in
      let config = Self.config(after: .seconds(20), [.unavailable])
      try await withChannel(to: ports, config) { client, _ in
        #expect(await client.failure()?.code == .unavailable)
        #expect(replicas.map(\.calls) == [1, 0])
      }
    }
  }

  @Test func `keeps to the budget`() async throws {
    let slow = Replica { _, _ in try await Task.sleep(for: .milliseconds(20)) }
    let replicas = [slow, Replica()]
    try await serving(replicas) { ports in
      var config = Self.config(after: .milliseconds(1))
      config.budget.ratio = 0.1
      config.budget.reserve = 2
      try await withChannel(to: ports, config) { client, _ in
        for _ in 0..<50 { #expect(await client.failure() == nil) }
        #expect(replicas[1].calls >= 3)
        #expect(replicas[1].calls <= 7)
      }
    }
  }

  @Test func `waits for as long as most calls take, once that is known`() async throws {
    let replicas = [
      Replica { number, context in
        if number == 151 { try await Self.hangs(number, context) }
        try await Task.sleep(for: .milliseconds(5))
      }, Replica(),
    ]
    try await serving(replicas) { ports in
      var config = Self.config(after: .zero)
      guard case .hedge(var policy) = config.fallback.repetition else { return }
      policy.percentile = 99
      config.fallback.repetition = .hedge(policy)
      try await withChannel(to: ports, config) { client, _ in
        for _ in 0..<151 { #expect(await client.failure() == nil) }
        #expect(replicas[0].calls == 151)
        #expect(replicas[1].calls >= 1)
        #expect(replicas[1].calls < 25)
      }
    }
  }
}
