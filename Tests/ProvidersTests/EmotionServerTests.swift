import Contracts
import HTTPMessage
import LocalModels
import Providers
import RPC
import Safety
import ScriptedServer
import SwiftProtobuf
import Testing

@testable import EmotionService

@Suite struct `The emotion service` {
  private typealias Mood = Netflixgpt_Emotion_V1_ExtractEmotionsRequest
  private typealias Titles = Netflixgpt_Emotion_V1_AnnotateTitlesRequest
  private typealias Title = Netflixgpt_Emotion_V1_TitleText

  private static let localChain: ProviderChain = {
    do {
      return ProviderChain([
        LocalEmotionProvider(try EmotionModel(try ModelResource.locate(override: nil)))
      ])
    } catch {
      Issue.record("the local model should load: \(error)")
      return ProviderChain([])
    }
  }()

  private static let phrases: Result<CrisisPhrases, any Error> = Result {
    try CrisisPhrases.shipped()
  }

  private static func server(_ chain: ProviderChain) throws -> EmotionServer {
    EmotionServer(chain: chain, phrases: try Self.phrases.get())
  }

  private func server(_ providers: any EmotionProvider...) throws -> EmotionServer {
    try Self.server(ProviderChain(providers, policy: `A chain of providers`.policy))
  }

  private func extract(
    _ mood: String,
    by server: EmotionServer? = nil
  ) async throws -> Netflixgpt_Emotion_V1_ExtractEmotionsResponse {
    let server = try server ?? Self.server(Self.localChain)
    return try await server.extractEmotions(.with { $0.mood = mood }, until: .after(.seconds(10)))
  }

  /// The code of the error, and the field and the reason in its details.
  private func failure(
    _ body: () async throws -> some Sendable
  ) async -> (code: Code, field: String?, reason: String?)? {
    do {
      _ = try await body()
      return nil
    } catch let error as RPCError {
      return (error.code, ErrorParts.field(of: error), ErrorParts.reason(of: error))
    } catch {
      Issue.record("not an RPCError: \(error)")
      return nil
    }
  }

  @Test(arguments: [
    ("", "REQUIRED"), (" \t\r\n\u{A0}\u{3000} ", "REQUIRED"), ("\u{200B}\u{FE0F}", "REQUIRED"),
    (String(repeating: "a", count: 2001), "TOO_LONG"),
    (String(repeating: "😭", count: 2001), "TOO_LONG"), ("sad\0", "CONTROL_CHARACTER"),
    ("\u{1B}[31msad", "CONTROL_CHARACTER"), ("sad\u{7F}day", "CONTROL_CHARACTER"),
    ("sad\u{85}day", "CONTROL_CHARACTER"), ("sad\u{B}day", "CONTROL_CHARACTER"),
  ])
  func `a mood out of bounds is refused by name`(mood: String, reason: String) async {
    let failure = await self.failure { try await self.extract(mood) }
    #expect(failure?.code == .invalidArgument)
    #expect(failure?.field == "mood")
    #expect(failure?.reason == reason)
  }

  @Test(arguments: [
    "a", "😭💔", "x\ty\r\nz", String(repeating: "a", count: 2000),
    "  " + String(repeating: "é", count: 2000) + "\n\n", String(repeating: "😭", count: 2000),
    "خوشحالم", "</mood>",
  ])
  func `a mood within bounds is read`(mood: String) async throws {
    let response = try await self.extract(mood)
    #expect((1...8).contains(response.emotions.count))
    #expect(Set(response.emotions.map(\.name)).count == response.emotions.count)
    #expect(response.emotions.map(\.intensity) == response.emotions.map(\.intensity).sorted(by: >))
    #expect(response.emotions.allSatisfy { (0...1).contains($0.intensity) })
    #expect((0...1).contains(response.confidence))
    #expect(!response.language.isEmpty)
    #expect(response.usage.stage == "extract")
    #expect(response.usage.provider == "local")
    #expect(response.usage.hasInputTokens && response.usage.inputTokens == 0)
    #expect(response.degraded.isEmpty)
  }

  @Test func `an error never repeats the mood`() async {
    let secret = "my secret" + String(repeating: "!", count: 2000)
    do {
      _ = try await self.extract(secret)
      Issue.record("should be refused")
    } catch {
      #expect(!"\(error)".contains("secret"))
    }
  }

  @Test func `equal moods are read once, however their words are spaced`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (openai) async throws in
      let server = try self.server(try openai.emotionProvider())
      let first = try await self.extract("so  sad\ntoday", by: server)
      let second = try await self.extract(" so sad today ", by: server)
      #expect(openai.log.requests.count == 1)
      #expect(first.emotions == second.emotions)
      #expect(!first.usage.cached && second.usage.cached)
      #expect(first.usage.inputTokens == 100 && first.usage.outputTokens == 20)
      #expect(second.usage.inputTokens == 0 && second.usage.outputTokens == 0)
      _ = try await self.extract("So sad today", by: server)
      #expect(openai.log.requests.count == 2)
    }
  }

  @Test func `equal moods at the same time are read once`() async throws {
    try await withServer({ _, _ in [.pause(.milliseconds(50)), .response(OpenAIReply.mood)] }) {
      (openai) async throws in
      let server = try self.server(try openai.emotionProvider())
      let tokens = try await withThrowingTaskGroup(of: Int32.self) { group in
        for _ in 0..<20 {
          group.addTask { try await self.extract("sad", by: server).usage.inputTokens }
        }
        return try await group.reduce(0, +)
      }
      #expect(openai.log.requests.count == 1)
      #expect(tokens == 100)
    }
  }

  @Test func `a fallback is named in the answer, and not kept`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.error(400, code: "content_filter"))] }) {
      (openai) async throws in
      let local = LocalEmotionProvider(try EmotionModel(try ModelResource.locate(override: nil)))
      let server = try self.server(try openai.emotionProvider(), local)
      for count in 1...2 {
        let response = try await self.extract("sad", by: server)
        #expect(response.usage.provider == "local")
        #expect(!response.usage.cached)
        #expect(response.degraded.count == 1)
        #expect(response.degraded.first?.stage == "extract")
        #expect(response.degraded.first?.from == "openai")
        #expect(response.degraded.first?.to == "local")
        #expect(response.degraded.first?.reason == "BLOCKED")
        #expect(openai.log.requests.count == count)
      }
    }
  }

  @Test(arguments: [
    (OpenAIReply.error(401, code: nil), Code.failedPrecondition, "UNAUTHENTICATED", false),
    (
      OpenAIReply.error(429, code: "insufficient_quota"), .resourceExhausted, "OUT_OF_CREDIT", false
    ),
    (
      OpenAIReply.error(429, code: nil, fields: ["retry-after": "60"]), .unavailable,
      "RATE_LIMITED",
      true
    ),
    (OpenAIReply.error(503, code: nil), .unavailable, "OVERLOADED", true),
    (OpenAIReply.error(404, code: nil), .failedPrecondition, "UNKNOWN_MODEL", false),
    (OpenAIReply.error(400, code: nil), .internal, "BAD_REQUEST", false),
    (OpenAIReply.error(400, code: "content_filter"), .failedPrecondition, "BLOCKED", false),
    (OpenAIReply.chat("nonsense"), .unavailable, "MALFORMED_REPLY", false),
  ])
  func `a provider's failure is told in words fit for the caller`(
    reply: HTTPResponse,
    code: Code,
    reason: String,
    saysWhen: Bool
  ) async throws {
    try await withServer({ _, _ in [.response(reply)] }) { (openai) async throws in
      let server = try self.server(try openai.emotionProvider())
      do {
        _ = try await self.extract("sad", by: server)
        Issue.record("should fail")
      } catch let error as RPCError {
        #expect(error.code == code)
        #expect(ErrorParts.reason(of: error) == reason)
        #expect(error.details.contains { $0.type == "google.rpc.RetryInfo" } == saysWhen)
        #expect(!"\(error)".contains("secret words"))
        #expect(!"\(error)".contains("sk-test"))
      }
    }
  }

  @Test func `a provider that hangs costs the deadline and no more`() async throws {
    try await withServer({ _, _ in [.hang] }) { (openai) async throws in
      let server = try self.server(try openai.emotionProvider())
      let failure = await self.failure {
        try await server.extractEmotions(
          .with { $0.mood = "sad" },
          until: .after(.milliseconds(200))
        )
      }
      #expect(failure?.code == .deadlineExceeded)
    }
  }

  @Test(
    arguments: [
      ([], "titles", "REQUIRED"),
      ((0...100).map { Self.title("\($0)") }, "titles", "TOO_MANY"),
      ([Self.title("a"), Self.title("")], "titles[1].id", "REQUIRED"),
      ([Self.title("a"), Self.title("b"), Self.title("a")], "titles[2].id", "DUPLICATE"),
      ([Self.title("a", name: "")], "titles[0].name", "REQUIRED"),
      ([Self.title("a", name: " \n")], "titles[0].name", "REQUIRED"),
      ([Self.title("a", name: String(repeating: "n", count: 501))], "titles[0].name", "TOO_LONG"),
      (
        [Self.title("a", description: String(repeating: "d", count: 5001))],
        "titles[0].description",
        "TOO_LONG"
      ),
      ([Self.title("a", genres: 33)], "titles[0].genres", "TOO_MANY"),
      ([Self.title(String(repeating: "i", count: 257))], "titles[0].id", "TOO_LONG"),
      (
        [Self.title("a", genres: 2, of: String(repeating: "g", count: 101))],
        "titles[0].genres[0]",
        "TOO_LONG"
      ),
    ] as [([Netflixgpt_Emotion_V1_TitleText], String, String)]
  )
  func `titles out of bounds are refused by name`(
    titles: [Netflixgpt_Emotion_V1_TitleText],
    field: String,
    reason: String
  ) async throws {
    let server = try Self.server(Self.localChain)
    let failure = await self.failure {
      try await server.annotateTitles(.with { $0.titles = titles }, until: .after(.seconds(10)))
    }
    #expect(failure?.code == .invalidArgument)
    #expect(failure?.field == field)
    #expect(failure?.reason == reason)
  }

  private static func title(
    _ id: String,
    name: String = "Name",
    description: String = "",
    genres: Int = 0,
    of genre: String = "drama"
  ) -> Netflixgpt_Emotion_V1_TitleText {
    .with {
      $0.id = id
      $0.name = name
      $0.description_p = description
      $0.genres = Array(repeating: genre, count: genres)
    }
  }

  @Test func `a hundred titles, one at every limit, are annotated in order`() async throws {
    let server = try Self.server(Self.localChain)
    let largest = Self.title(
      String(repeating: "i", count: 256),
      name: String(repeating: "n", count: 500),
      description: String(repeating: "sad ", count: 1250),
      genres: 32,
      of: String(repeating: "g", count: 100)
    )
    let titles = (1..<100).map { Self.title("ts\($0)", name: "Name \($0)") } + [largest]
    let response = try await server.annotateTitles(
      .with { $0.titles = titles },
      until: .after(.seconds(60))
    )
    #expect(response.annotations.map(\.id) == titles.map(\.id))
    for annotation in response.annotations {
      #expect(!annotation.hasFailure)
      #expect(annotation.emotions.count == 8)
      #expect(Set(annotation.emotions.map(\.name)).count == 8)
      #expect((3...8).contains(annotation.emojis.count))
      #expect(annotation.usage.stage == "annotate")
      #expect(annotation.usage.provider == "local")
    }
  }

  @Test func `a title that failed doesn't spoil the others`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.titles([OpenAIReply.title("1")]))] }) {
      (openai) async throws in
      let server = try self.server(try openai.emotionProvider())
      let response = try await server.annotateTitles(
        .with { $0.titles = [Self.title("a"), Self.title("b"), Self.title("c")] },
        until: .after(.seconds(10))
      )
      #expect(response.annotations.map(\.id) == ["a", "b", "c"])
      #expect(response.annotations.map(\.emotions.count) == [8, 8, 0])
      #expect(response.annotations.map(\.hasFailure) == [false, false, true])
      #expect(response.annotations.last?.failure.code == "unavailable")
      #expect(response.annotations.last?.failure.message.isEmpty == false)
    }
  }
}
