import CurlClient
import HTTPMessage
import Providers
import ScriptedServer
import Testing

@Suite struct `A chain of providers` {
  /// Patience that a test can wait out.
  static var policy: RetryPolicy {
    var policy = RetryPolicy()
    policy.firstWait = .milliseconds(10)
    policy.shortCoolDown = .seconds(2)
    policy.longCoolDown = .seconds(60)
    policy.fairTime = .milliseconds(100)
    return policy
  }

  private func outcome(
    _ chain: ProviderChain,
    within time: Duration = .seconds(10)
  ) async -> Result<Answer<MoodAnswer>, ProviderError> {
    do throws(ProviderError) {
      return .success(try await chain.emotions(inMood: "x", until: .after(time)))
    } catch {
      return .failure(error)
    }
  }

  @Test func `the first provider answers and nothing is degraded`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let chain = ProviderChain([try server.emotionProvider()])
      let answer = try await self.outcome(chain).get()
      #expect(answer.provider == "openai")
      #expect(answer.model == "openai-model")
      #expect(answer.inputTokens == 100)
      #expect(answer.outputTokens == 20)
      #expect(answer.degradations.isEmpty)
      #expect(chain.identity == "openai/openai-model")
    }
  }

  @Test(arguments: [
    [ProviderError.overloaded(RetryHint(isAllowed: false)), .selfHarm, .unauthenticated],
    [.selfHarm, .badRequest],
    [.unreachable, .selfHarm, .timedOut],
  ])
  func `a filter that fears for the writer counts more than other failures`(
    failures: [ProviderError]
  ) async {
    let providers = failures.enumerated().map { Failing(name: "p\($0)", error: $1) }
    let outcome = await self.outcome(ProviderChain(providers, policy: Self.policy))
    guard case .failure(.selfHarm) = outcome else {
      Issue.record("\(outcome)")
      return
    }
  }

  @Test func `help outlives the time of a call that the next provider uses up`() async throws {
    let first = Failing(name: "first", error: .selfHarm)
    try await withServer({ _, _ in [.hang] }) { (server) async throws in
      let chain = ProviderChain([first, try server.emotionProvider()], policy: Self.policy)
      guard case .failure(.selfHarm) = await self.outcome(chain, within: .milliseconds(300)) else {
        Issue.record("should be help")
        return
      }
    }
  }

  @Test(arguments: [
    (OpenAIReply.error(401, code: nil), "UNAUTHENTICATED", 1),
    (OpenAIReply.error(429, code: "insufficient_quota"), "OUT_OF_CREDIT", 1),
    (OpenAIReply.error(429, code: nil), "RATE_LIMITED", 3),
    (OpenAIReply.error(503, code: nil), "OVERLOADED", 3),
    (OpenAIReply.error(503, code: nil, fields: ["x-should-retry": "false"]), "OVERLOADED", 1),
    (OpenAIReply.error(429, code: nil, fields: ["retry-after": "60"]), "RATE_LIMITED", 1),
    (OpenAIReply.error(400, code: "content_filter"), "BLOCKED", 1),
    (OpenAIReply.error(404, code: "model_not_found"), "UNKNOWN_MODEL", 1),
    (OpenAIReply.error(400, code: nil), "BAD_REQUEST", 2),
    (OpenAIReply.chat("nonsense"), "MALFORMED_REPLY", 2),
    (OpenAIReply.chat("{}", finish: "length"), "TRUNCATED", 2),
    (
      OpenAIReply.json(
        #"{"choices":[{"message":{"refusal":"No."},"finish_reason":"stop"}]}"#
      ), "REFUSED", 1
    ),
  ])
  func `the second answers where the first fails, and the answer says so`(
    reply: HTTPResponse,
    reason: String,
    attempts: Int
  ) async throws {
    try await withServer({ _, _ in [.response(reply)] }) { (first) async throws in
      try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (second) async throws in
        let chain = ProviderChain(
          [try first.emotionProvider(), try second.emotionProvider("second")],
          policy: Self.policy
        )
        let answer = try await self.outcome(chain).get()
        #expect(answer.provider == "second")
        #expect(answer.degradations == [Degradation(from: "openai", to: "second", reason: reason)])
        #expect(first.log.requests.count == attempts)
      }
    }
  }

  @Test func `a failure that passes is waited out`() async throws {
    try await withServer({ _, number in
      [
        .response(
          number < 2
            ? OpenAIReply.error(429, code: nil, fields: ["retry-after-ms": "20"]) : OpenAIReply.mood
        )
      ]
    }) { (server) async throws in
      let chain = ProviderChain([try server.emotionProvider()], policy: Self.policy)
      let start = ContinuousClock.now
      #expect(try await self.outcome(chain).get().degradations.isEmpty)
      #expect(ContinuousClock.now - start >= .milliseconds(40))
      #expect(server.log.requests.count == 3)
    }
  }

  @Test func `connections cut off are tried again`() async throws {
    try await withServer({ _, number in
      number == 0
        ? [.bytes(Array("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"cho".utf8)), .close]
        : [.response(OpenAIReply.mood)]
    }) { (server) async throws in
      let chain = ProviderChain([try server.emotionProvider()], policy: Self.policy)
      #expect(try await self.outcome(chain).get().degradations.isEmpty)
      #expect(server.log.requests.count == 2)
    }
  }

  @Test func `nobody at the address is unreachable`() async throws {
    let baseURL = "http://127.0.0.1:\(try ScriptedServer.closedPort())/v1"
    let endpoint = try VendorEndpoint(baseURL: baseURL, key: nil)
    let provider = LanguageModelProvider(
      name: "openai",
      api: OpenAIChat(endpoint: endpoint, model: "m"),
      handler: CurlClient.shared.handler
    )
    let chain = ProviderChain([provider], policy: Self.policy)
    #expect(await self.outcome(chain) == .failure(.unreachable))
  }

  @Test func `a provider that hangs leaves time for the next`() async throws {
    try await withServer({ _, _ in [.hang] }) { (first) async throws in
      try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (second) async throws in
        let chain = ProviderChain(
          [try first.emotionProvider(), try second.emotionProvider("second")],
          policy: Self.policy
        )
        let start = ContinuousClock.now
        let answer = try await self.outcome(chain, within: .seconds(4)).get()
        #expect(ContinuousClock.now - start < .seconds(4))
        #expect(answer.degradations.map(\.reason) == ["TIMED_OUT"])
      }
    }
  }

  @Test func `a deadline is kept when every provider hangs`() async throws {
    try await withServer({ _, _ in [.hang] }) { (server) async throws in
      let chain = ProviderChain(
        [try server.emotionProvider("a"), try server.emotionProvider("b")],
        policy: Self.policy
      )
      let start = ContinuousClock.now
      #expect(await self.outcome(chain, within: .seconds(1)) == .failure(.timedOut))
      #expect(ContinuousClock.now - start >= .seconds(1))
      #expect(ContinuousClock.now - start < .seconds(5))
      // Whom nobody waits for any more, nobody keeps a connection to.
      while server.log.abandoned < server.log.requests.count {
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  @Test func `a deadline in the past sends nothing`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let chain = ProviderChain([try server.emotionProvider()])
      #expect(await self.outcome(chain, within: .seconds(-1)) == .failure(.timedOut))
      #expect(server.log.requests.isEmpty)
    }
  }

  @Test func `a slow answer within the deadline is taken`() async throws {
    try await withServer({ _, _ in [.pause(.milliseconds(200)), .response(OpenAIReply.mood)] }) {
      (server) async throws in
      let chain = ProviderChain([try server.emotionProvider()])
      #expect(try await self.outcome(chain).get().provider == "openai")
    }
  }

  @Test func `a caller that goes away is no fault of the provider`() async throws {
    try await withServer({ _, _ in [.hang] }) { (server) async throws in
      let chain = ProviderChain([try server.emotionProvider()], policy: Self.policy)
      for _ in 0..<5 {
        let before = server.log.requests.count
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            let outcome = await self.outcome(chain)
            #expect(outcome == .failure(.cancelled))
          }
          while server.log.requests.count == before {
            try? await Task.sleep(for: .milliseconds(2))
          }
          group.cancelAll()
        }
      }
      // Five failures in a row would have made it rest.
      #expect(server.log.requests.count == 5)
    }
  }

  @Test func `without a provider nothing is answered`() async {
    #expect(await self.outcome(ProviderChain([])) == .failure(.unreachable))
  }
}

/// A provider that fails in one way.
private struct Failing: EmotionProvider {
  let name: String
  let error: ProviderError
  var model: String { "none" }
  var maxTitlesPerCall: Int { 1 }

  func emotions(
    inMood mood: String,
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> MoodAnswer { throw self.error }

  func annotations(
    of titles: [TitleText],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> TitlesAnswer { throw self.error }
}
