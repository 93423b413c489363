import CurlClient
import Foundation
import HTTPMessage
@testable import Providers
import RPC
import ScriptedServer
import Synchronization
import Testing

/// 100 tokens in and 20 out, as the scripted server counts them, cost 0.00018 USD by this list; a
/// mood is estimated with some 2,500 bytes in and 500 tokens out.
private let prices = Result {
  try PriceList(
    json: Array(
      #"{"asOf":"2026-11-22","prices":{"openai/openai-model":{"input":1,"output":4}}}"#.utf8
    )
  )
}
private let trueCost = 0.00018

/// A clock that a test sets.
private final class Clock: Sendable {
  let seconds: Mutex<Int>
  init(_ seconds: Int) { self.seconds = Mutex(seconds) }
  var now: @Sendable () -> Int { { self.seconds.withLock { $0 } } }
}

@Suite struct `A provider's budget of the day` {
  /// 2026-11-22T23:59:50Z.
  private static let nearMidnight = 1_795_391_990

  private func provider(
    _ server: ScriptedServer,
    _ budgets: DailyBudgets?
  ) throws -> LanguageModelProvider {
    LanguageModelProvider(
      name: "openai",
      api: OpenAIChat(endpoint: try server.endpoint(), model: "openai-model"),
      billing: Billing(prices: try prices.get(), budgets: budgets),
      handler: CurlClient.shared.handler
    )
  }

  private func temporaryFile() -> String {
    FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
  }

  private func ask(_ chain: ProviderChain) async -> Result<Answer<MoodAnswer>, ProviderError> {
    do throws(ProviderError) {
      return .success(try await chain.emotions(inMood: "x", until: .after(.seconds(20))))
    } catch {
      return .failure(error)
    }
  }

  @Test func `is charged with what calls cost, not with what they might have`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let budgets = try DailyBudgets(["openai": 1])
      let chain = ProviderChain([try self.provider(server, budgets)])
      for count in 1...3 {
        let answer = try await self.ask(chain).get()
        #expect(answer.usd == trueCost)
        #expect(abs(budgets.spent(by: "openai") - Double(count) * trueCost) < 1e-9)
      }
    }
  }

  @Test func `stops calls when it is spent, and the next provider answers`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      // Room for the estimate of a first call, not for its cost and another estimate.
      let budgets = try DailyBudgets(["openai": 0.0060])
      let openai = try self.provider(server, budgets)
      let chain = ProviderChain([openai, try server.emotionProvider("second")])
      var answers: [Answer<MoodAnswer>] = []
      for _ in 0..<40 { answers.append(try await self.ask(chain).get()) }
      let first = answers.prefix { $0.provider == "openai" }
      #expect((1..<40).contains(first.count))
      let rest = answers.dropFirst(first.count)
      #expect(rest.allSatisfy { $0.provider == "second" })
      let spent = Degradation(from: "openai", to: "second", reason: "BUDGET_SPENT")
      #expect(rest.allSatisfy { $0.degradations == [spent] })
      #expect(budgets.spent(by: "openai") <= 0.0060)
      // The second provider's model has no price: unknown is not 0.
      #expect(rest.allSatisfy { $0.usd == nil })
    }
  }

  @Test func `of nothing lets no call through, and says until when`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let clock = Clock(Self.nearMidnight)
      let budgets = try DailyBudgets(["openai": 0], now: clock.now)
      let chain = ProviderChain([try self.provider(server, budgets)])
      guard case .failure(let error) = await self.ask(chain) else {
        Issue.record("should be refused")
        return
      }
      #expect(error == .budgetSpent(RetryHint(after: .seconds(10))))
      #expect(server.log.requests.isEmpty)
      let answer = RPCError(error)
      #expect(answer.code == .resourceExhausted)
      #expect(ErrorParts.reason(of: answer) == "BUDGET_SPENT")
      #expect(
        answer.details.map(\.type) == [
          "google.rpc.ErrorInfo", "google.rpc.QuotaFailure", "google.rpc.RetryInfo",
        ]
      )
      #expect(answer.retryDelay == .seconds(10))
    }
  }

  @Test func `is whole again at midnight UTC`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let clock = Clock(Self.nearMidnight)
      let budgets = try DailyBudgets(["openai": 0.0048], now: clock.now)
      let chain = ProviderChain([try self.provider(server, budgets)])
      while case .success = await self.ask(chain) {}
      let before = server.log.requests.count
      clock.seconds.withLock { $0 += 9 }
      guard case .failure = await self.ask(chain) else {
        Issue.record("a second before midnight the budget is still spent")
        return
      }
      #expect(server.log.requests.count == before)
      clock.seconds.withLock { $0 += 1 }
      #expect(budgets.spent(by: "openai") == 0)
      _ = try await self.ask(chain).get()
    }
  }

  @Test func `is not passed by calls at the same time`() async throws {
    try await withServer({ _, _ in [.pause(.milliseconds(50)), .response(OpenAIReply.mood)] }) {
      (server) async throws in
      let budgets = try DailyBudgets(["openai": 0.02])
      let chain = ProviderChain([try self.provider(server, budgets)])
      let answered = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<64 {
          group.addTask { if case .success = await self.ask(chain) { true } else { false } }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect((1..<64).contains(answered))
      #expect(server.log.requests.count == answered)
      #expect(abs(budgets.spent(by: "openai") - Double(answered) * trueCost) < 1e-9)
    }
  }

  @Test func `survives a restart, and is shared by processes`() async throws {
    let path = self.temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let first = try DailyBudgets(["openai": 1], file: path)
      let second = try DailyBudgets(["openai": 1], file: path)
      _ = try await self.ask(ProviderChain([try self.provider(server, first)])).get()
      _ = try await self.ask(ProviderChain([try self.provider(server, second)])).get()
      for budgets in [first, second, try DailyBudgets(["openai": 1], file: path)] {
        #expect(abs(budgets.spent(by: "openai") - 2 * trueCost) < 1e-9)
      }
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains(#""nanoUSD":{"openai":360000}"#))
    }
  }

  @Test(arguments: ["nonsense\n", "[]\n", #"{"day":"2026-11-22"}"#])
  func `is not kept in a file that holds something else`(content: String) throws {
    let path = self.temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try content.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(throws: DailyBudgets.Unusable.self) { try DailyBudgets(["openai": 1], file: path) }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
  }

  @Test func `that can't be written down any more is spent`() async throws {
    let folder = self.temporaryFile()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let budgets = try DailyBudgets(["openai": 1], file: folder + "/spending")
    try FileManager.default.removeItem(atPath: folder)
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let chain = ProviderChain([try self.provider(server, budgets)])
      guard case .failure(.budgetSpent) = await self.ask(chain) else {
        Issue.record("should be refused")
        return
      }
      #expect(server.log.requests.isEmpty)
    }
  }

  @Test func `is charged with the estimate of a call that nobody waited for`() async throws {
    try await withServer({ _, _ in [.hang] }) { (server) async throws in
      let budgets = try DailyBudgets(["openai": 1])
      let provider = try self.provider(server, budgets)
      await #expect(throws: ProviderError.timedOut) {
        try await provider.emotions(inMood: "x", deadline: .after(.milliseconds(200)))
      }
      // 500 tokens out alone cost 0.002.
      #expect(budgets.spent(by: "openai") > 0.002)
    }
  }

  @Test(arguments: [
    [ScriptedServer.Step.close], [.bytes(Array("HTTP/1.1 200 OK\r\ncontent-le".utf8)), .close],
  ])
  func `is charged with the estimate of a call that broke after it was sent`(
    steps: [ScriptedServer.Step]
  ) async throws {
    try await withServer({ _, _ in steps }) { (server) async throws in
      let budgets = try DailyBudgets(["openai": 1])
      let provider = try self.provider(server, budgets)
      await #expect(throws: ProviderError.unreachable) {
        try await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
      }
      #expect(budgets.spent(by: "openai") > 0.002)
    }
  }

  @Test func `is not charged with a call that found no connection`() async throws {
    try await withServer({ _, _ in [.close] }) { (server) async throws in
      let budgets = try DailyBudgets(["openai": 1])
      let provider = try self.provider(server, budgets)
      server.stop()
      try await Task.sleep(for: .milliseconds(50))
      await #expect(throws: ProviderError.unreachable) {
        try await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
      }
      #expect(server.log.requests.isEmpty == (budgets.spent(by: "openai") == 0))
    }
  }

  @Test func `is not charged with a call whose server can't be trusted`() async throws {
    try await withServer({ _, _ in [.close] }) { (server) async throws in
      var configuration = CurlClient.Configuration()
      configuration.trustedCertificates = "/no/such/certificates.pem"
      let budgets = try DailyBudgets(["openai": 1])
      let baseURL = "https://\(server.authority)/v1"
      let provider = LanguageModelProvider(
        name: "openai",
        api: OpenAIChat(
          endpoint: try VendorEndpoint(baseURL: baseURL, key: nil),
          model: "openai-model"
        ),
        billing: Billing(prices: try prices.get(), budgets: budgets),
        handler: CurlClient(configuration: configuration).handler
      )
      await #expect(throws: ProviderError.unreachable) {
        try await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
      }
      #expect(server.log.requests.isEmpty)
      #expect(budgets.spent(by: "openai") == 0)
    }
  }

  @Test func `covers batches whose share of the price is not known`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let provider = try self.provider(server, try DailyBudgets(["openai": 0.0001]))
      let batches = try #require(provider.batches)
      let titles = [TitleText(id: "a", name: "A", description: "", genres: [])]
      #expect(batches.estimate(titles).cost.usd == nil)
      await #expect {
        try await batches.submit(titles, key: "k", mayExist: false, until: .after(.seconds(10)))
      } throws: { error in
        if case ProviderError.budgetSpent = error { true } else { false }
      }
      #expect(server.log.requests.isEmpty)
    }
  }

  @Test(arguments: [(503, true), (401, false), (400, false), (429, false)])
  func `keeps what a batch may cost unless it was certainly refused`(
    status: Int,
    isKept: Bool
  ) async throws {
    let reply = OpenAIReply.error(status, code: nil)
    try await withServer({ _, _ in [.response(reply)] }) { (server) async throws in
      let budgets = try DailyBudgets(["openai": 1])
      let batches = try #require(try self.provider(server, budgets).batches)
      let titles = [TitleText(id: "a", name: "A", description: "", genres: [])]
      await #expect(throws: ProviderError.self) {
        try await batches.submit(titles, key: "k", mayExist: false, until: .after(.seconds(10)))
      }
      #expect((budgets.spent(by: "openai") > 0) == isKept)
    }
  }

  @Test func `of a later day is not begun anew by a clock that is behind`() throws {
    let path = self.temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let clock = Clock(Self.nearMidnight + 10)
    let ahead = try DailyBudgets(["openai": 1], file: path, now: clock.now)
    let behind = try DailyBudgets(["openai": 1], file: path, now: { Self.nearMidnight })
    _ = try ahead.hold(0.75, for: "openai")
    #expect(throws: ProviderError.self) { try behind.hold(0.5, for: "openai") }
    _ = try behind.hold(0.125, for: "openai")
    #expect(ahead.spent(by: "openai") == 0.875)
  }

  @Test(arguments: ["2026-11-24", "2027-01-01", "9999-12-31"])
  func `that a wrong clock wrote down for days ahead is that of today`(day: String) throws {
    let path = self.temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let written = #"{"day":"\#(day)","nanoUSD":{"openai":750000000}}"# + "\n"
    try written.write(toFile: path, atomically: true, encoding: .utf8)
    let clock = Clock(Self.nearMidnight)
    let budgets = try DailyBudgets(["openai": 1], file: path, now: clock.now)
    #expect(budgets.spent(by: "openai") == 0.75)
    _ = try budgets.hold(0.125, for: "openai")
    #expect(budgets.spent(by: "openai") == 0.875)
    #expect(throws: ProviderError.self) { try budgets.hold(0.25, for: "openai") }
    clock.seconds.withLock { $0 += 10 }
    #expect(budgets.spent(by: "openai") == 0)
    _ = try budgets.hold(0.25, for: "openai")
    #expect(budgets.spent(by: "openai") == 0.25)
  }

  @Test(arguments: [
    (OpenAIReply.error(503, code: nil), 0.0),
    (OpenAIReply.chat("", finish: "content_filter"), trueCost),
  ])
  func `is charged for a failure with what the provider counted`(
    reply: HTTPResponse,
    usd: Double
  ) async throws {
    try await withServer({ _, _ in [.response(reply)] }) { (server) async throws in
      let budgets = try DailyBudgets(["openai": 1])
      let provider = try self.provider(server, budgets)
      _ = try? await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
      #expect(abs(budgets.spent(by: "openai") - usd) < 1e-9)
    }
  }

  @Test func `is refused where a model has no price`() throws {
    let budgets = try DailyBudgets(["openai": 1])
    let billing = Billing(prices: try prices.get(), budgets: budgets)
    #expect(throws: Billing.Unpriced.self) {
      try billing.check(provider: "openai", model: "another")
    }
    try billing.check(provider: "openai", model: "openai-model")
    try billing.check(provider: "anthropic", model: "another")
  }
}
