import HTTPMessage
@testable import Providers
import ScriptedServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A provider that fails` {
  private func ask(_ chain: ProviderChain) async -> ProviderError? {
    do throws(ProviderError) {
      _ = try await chain.emotions(inMood: "x", until: .after(.seconds(10)))
      return nil
    } catch {
      return error
    }
  }

  /// Runs `body` beside a provider whose replies it can change.
  private func withProvider(
    _ reply: HTTPResponse,
    policy: RetryPolicy = `A chain of providers`.policy,
    _ body: (ProviderChain, ScriptedServer, (HTTPResponse) -> Void) async throws -> Void
  ) async throws {
    let current = Current(reply)
    try await withServer({ _, _ in [.response(current.reply.withLock { $0 })] }) {
      (server) async throws in
      let chain = ProviderChain([try server.emotionProvider()], policy: policy)
      try await body(chain, server) { new in current.reply.withLock { $0 = new } }
    }
  }

  private final class Current: Sendable {
    let reply: Mutex<HTTPResponse>
    init(_ reply: HTTPResponse) { self.reply = Mutex(reply) }
  }

  @Test func `rests for minutes when its money is gone`() async throws {
    try await self.withProvider(OpenAIReply.error(429, code: "insufficient_quota")) {
      (chain, server, change) async throws in
      #expect(await self.ask(chain) == .outOfCredit)
      change(OpenAIReply.mood)
      for _ in 0..<3 { #expect(await self.ask(chain) == .outOfCredit) }
      #expect(server.log.requests.count == 1)
    }
  }

  private final class Counter: Sendable {
    let value = Mutex(0)
  }

  @Test func `rests as long for failures of calls at once as for one of them`() async throws {
    var policy = RetryPolicy()
    policy.longCoolDown = .milliseconds(500)
    let gate = ProviderGate(policy: policy)
    let count = 5
    let underWay = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<count {
        group.addTask {
          _ = try? await gate.call(until: .after(.seconds(10)), maxWait: .zero) {
            _ throws(ProviderError) -> Void in
            underWay.value.withLock { $0 += 1 }
            while underWay.value.withLock({ $0 }) < count { await Task.yield() }
            throw .outOfCredit
          }
        }
      }
    }
    let answer = { () async -> Int? in
      try? await gate.call(until: .after(.seconds(10)), maxWait: .zero) {
        _ throws(ProviderError) in 7
      }
    }
    #expect(await answer() == nil)
    // Each further failure in a row would have doubled the rest, to 8 seconds in all.
    try await Task.sleep(for: .milliseconds(1000))
    #expect(await answer() == 7)
  }

  @Test(arguments: [ProviderError.unauthenticated, .outOfCredit])
  func `rests no longer for a rejected key or an empty account because it was overloaded before`(
    error: ProviderError
  ) async throws {
    var policy = RetryPolicy()
    policy.maxRetries = 0
    policy.failuresUntilCoolDown = 100
    policy.longCoolDown = .milliseconds(500)
    let gate = ProviderGate(policy: policy)
    for failure in Array(repeating: ProviderError.overloaded(), count: 5) + [error, error] {
      await #expect(throws: failure) {
        try await gate.call(until: .after(.seconds(10)), maxWait: .zero) {
          _ throws(ProviderError) -> Void in throw failure
        }
      }
    }
    // Doubled for each failure before, the rest would be 16 seconds.
    try await Task.sleep(for: .milliseconds(1000))
    let answer = try await gate.call(until: .after(.seconds(10)), maxWait: .zero) {
      _ throws(ProviderError) in 7
    }
    #expect(answer == 7)
  }

  @Test func `rests when it limits the rate, and says how long`() async throws {
    let limited = OpenAIReply.error(429, code: nil, fields: ["retry-after": "30"])
    try await self.withProvider(limited) { (chain, server, _) async throws in
      #expect(await self.ask(chain) == .rateLimited(RetryHint(after: .seconds(30))))
      guard case .rateLimited(let hint) = await self.ask(chain) else {
        Issue.record("should rest")
        return
      }
      let remaining = try #require(hint.after)
      #expect(remaining > .seconds(20) && remaining <= .seconds(30))
      #expect(server.log.requests.count == 1)
    }
  }

  @Test(arguments: [503, 529])
  func `rests from its first failure on when an overload has it ask for that`(
    status: Int
  ) async throws {
    let overloaded = OpenAIReply.error(status, code: nil, fields: ["retry-after": "30"])
    try await self.withProvider(overloaded) { (chain, server, _) async throws in
      #expect(await self.ask(chain) == .overloaded(RetryHint(after: .seconds(30))))
      guard case .overloaded(let hint) = await self.ask(chain) else {
        Issue.record("should rest")
        return
      }
      let remaining = try #require(hint.after)
      #expect(remaining > .seconds(20) && remaining <= .seconds(30))
      #expect(server.log.requests.count == 1)
    }
  }

  @Test(arguments: [(Duration.zero, 2), (.seconds(3), 3), (.seconds(100_000), 4 * 3600)])
  func `rests no shorter for being asked once overloads repeat, and hours at most`(
    asked: Duration,
    seconds: Int
  ) {
    let rest = `A chain of providers`.policy.rest(
      after: .overloaded(RetryHint(after: asked)),
      failures: 3
    )
    #expect(rest == .seconds(seconds))
  }

  /// Calls that a test ends when it wants to.
  private final class Open: Sendable {
    private let isEnded = Mutex(false)
    private let begun = Mutex(0)

    func call(_ gate: ProviderGate) async -> Result<Int, ProviderError> {
      do throws(ProviderError) {
        return .success(
          try await gate.call(until: .after(.seconds(60)), maxWait: .zero) {
            _ throws(ProviderError) in
            self.begun.withLock { $0 += 1 }
            while !self.isEnded.withLock({ $0 }), !Task.isCancelled {
              try? await Task.sleep(for: .milliseconds(1))
            }
            return 1
          }
        )
      } catch {
        return .failure(error)
      }
    }

    /// Waits until `count` calls are under way.
    func hasBegun(_ count: Int = 1) async {
      while self.begun.withLock({ $0 }) < count, !Task.isCancelled {
        try? await Task.sleep(for: .milliseconds(1))
      }
    }

    func end() { self.isEnded.withLock { $0 = true } }
  }

  private func call(
    _ gate: ProviderGate,
    failingBy failure: ProviderError? = nil
  ) async -> ProviderError? {
    do throws(ProviderError) {
      try await gate.call(until: .after(.seconds(60)), maxWait: .zero) {
        _ throws(ProviderError) -> Void in
        if let failure { throw failure }
      }
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [ProviderError.rateLimited(RetryHint(after: .seconds(20))), .outOfCredit])
  func `rests on when a call that was sent before succeeds`(error: ProviderError) async {
    let gate = ProviderGate()
    let earlier = Open()
    async let outcome = earlier.call(gate)
    await earlier.hasBegun()
    #expect(await self.call(gate, failingBy: error) == error)
    earlier.end()
    #expect(await outcome == .success(1))
    #expect(await self.call(gate)?.reason == error.reason)
  }

  @Test func `is tried out by one call, whatever one from before its rest finds`() async throws {
    var policy = RetryPolicy()
    policy.failuresUntilCoolDown = 1
    policy.shortCoolDown = .milliseconds(50)
    policy.maxRetries = 0
    let gate = ProviderGate(policy: policy)
    let (earlier, probe) = (Open(), Open())
    async let outcome = earlier.call(gate)
    await earlier.hasBegun()
    #expect(await self.call(gate, failingBy: .overloaded()) == .overloaded())
    try await Task.sleep(for: .milliseconds(100))
    async let tried = probe.call(gate)
    await probe.hasBegun()
    earlier.end()
    #expect(await outcome == .success(1))
    #expect(await self.call(gate)?.reason == "OVERLOADED")
    probe.end()
    #expect(await tried == .success(1))
    #expect(await self.call(gate) == nil)
  }

  @Test func `is tried out by another call, and by one only, when the first one hangs`()
    async throws
  {
    var policy = RetryPolicy()
    policy.failuresUntilCoolDown = 1
    policy.shortCoolDown = .milliseconds(10)
    policy.probePatience = .seconds(1)
    policy.maxRetries = 0
    let gate = ProviderGate(policy: policy)
    #expect(await self.call(gate, failingBy: .overloaded()) == .overloaded())
    try await Task.sleep(for: .milliseconds(50))
    let (hanging, second) = (Open(), Open())
    async let outcome = hanging.call(gate)
    await hanging.hasBegun()
    #expect(await self.call(gate)?.reason == "OVERLOADED")
    try await Task.sleep(for: .milliseconds(1100))
    async let tried = second.call(gate)
    await second.hasBegun()
    #expect(await self.call(gate)?.reason == "OVERLOADED")
    second.end()
    #expect(await tried == .success(1))
    #expect(await self.call(gate) == nil)
    hanging.end()
    #expect(await outcome == .success(1))
  }

  @Test func `rests after three failed calls in a row, and recovers`() async throws {
    var policy = `A chain of providers`.policy
    policy.maxRetries = 0
    try await self.withProvider(OpenAIReply.error(503, code: nil), policy: policy) {
      (chain, server, change) async throws in
      for _ in 0..<3 { #expect(await self.ask(chain) == .overloaded()) }
      #expect(server.log.requests.count == 3)
      guard case .overloaded(let hint) = await self.ask(chain) else {
        Issue.record("should rest")
        return
      }
      #expect(try #require(hint.after) <= .seconds(2))
      #expect(server.log.requests.count == 3)
      change(OpenAIReply.mood)
      try await Task.sleep(for: .milliseconds(2100))
      #expect(await self.ask(chain) == nil)
      #expect(await self.ask(chain) == nil)
      #expect(server.log.requests.count == 5)
    }
  }

  @Test func `gets one call to try after its rest, and rests longer when that fails`() async throws
  {
    var policy = `A chain of providers`.policy
    policy.failuresUntilCoolDown = 1
    policy.maxRetries = 0
    try await self.withProvider(OpenAIReply.error(503, code: nil), policy: policy) {
      (chain, server, _) async throws in
      #expect(await self.ask(chain) == .overloaded())
      try await Task.sleep(for: .milliseconds(2100))
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<10 { group.addTask { _ = await self.ask(chain) } }
      }
      #expect(server.log.requests.count == 2)
      try await Task.sleep(for: .milliseconds(2100))
      _ = await self.ask(chain)
      #expect(server.log.requests.count == 2)
    }
  }

  @Test(arguments: [(0.0, 0.0, 10), (3, 0, 13), (100, 0, 30)])
  func `is asked again out of one budget for all calls`(
    spare: Double,
    perCall: Double,
    attempts: Int
  ) async throws {
    var policy = `A chain of providers`.policy
    policy.spareRetries = spare
    policy.retriesPerCall = perCall
    policy.failuresUntilCoolDown = 100
    try await self.withProvider(OpenAIReply.error(503, code: nil), policy: policy) {
      (chain, server, _) async throws in
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<10 { group.addTask { _ = await self.ask(chain) } }
      }
      #expect(server.log.requests.count == attempts)
    }
  }

  @Test func `gets its budget back by calls`() async throws {
    var policy = `A chain of providers`.policy
    policy.spareRetries = 1
    policy.retriesPerCall = 0.25
    policy.failuresUntilCoolDown = 100
    try await self.withProvider(OpenAIReply.error(503, code: nil), policy: policy) {
      (chain, server, _) async throws in
      for _ in 0..<9 { _ = await self.ask(chain) }
      #expect(server.log.requests.count == 9 + 3)
    }
  }

  @Test func `a success in between starts the count anew`() async throws {
    var policy = `A chain of providers`.policy
    policy.maxRetries = 0
    try await self.withProvider(OpenAIReply.mood, policy: policy) {
      (chain, server, change) async throws in
      for _ in 0..<4 {
        change(OpenAIReply.error(503, code: nil))
        for _ in 0..<2 { #expect(await self.ask(chain) == .overloaded()) }
        change(OpenAIReply.mood)
        #expect(await self.ask(chain) == nil)
      }
      #expect(server.log.requests.count == 12)
    }
  }

  @Test(arguments: [
    OpenAIReply.error(400, code: nil), OpenAIReply.error(400, code: "content_filter"),
    OpenAIReply.chat("nonsense"),
  ])
  func `doesn't rest for what is the request's fault`(reply: HTTPResponse) async throws {
    try await self.withProvider(reply) { (chain, server, change) async throws in
      for _ in 0..<5 { #expect(await self.ask(chain) != nil) }
      change(OpenAIReply.mood)
      #expect(await self.ask(chain) == nil)
    }
  }
}
