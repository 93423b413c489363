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

@Suite struct `A mood that a model or its vendor takes for a crisis` {
  /// No phrase of ours knows it, and no reader could miss it.
  private static let mood = "the pills are counted and the letter is written"

  /// Extracts the mood; the last of the replies answers all further requests.
  private func extract(
    _ replies: HTTPResponse...,
    behind local: Bool = false
  ) async throws -> Netflixgpt_Emotion_V1_ExtractEmotionsResponse {
    try await withServer({ _, number in [.response(replies[min(number, replies.count - 1)])] }) {
      (openai) async throws in
      var providers: [any EmotionProvider] = [try openai.emotionProvider()]
      if local {
        let resource = try ModelResource.locate(override: nil)
        providers.append(LocalEmotionProvider(try EmotionModel(resource)))
      }
      let server = EmotionServer(
        chain: ProviderChain(providers),
        phrases: try CrisisPhrases.shipped()
      )
      return try await server.extractEmotions(
        .with { $0.mood = Self.mood },
        until: .after(.seconds(10))
      )
    }
  }

  private static func reading(_ crisis: String?) -> HTTPResponse {
    let flag = crisis.map { #","crisis":\#($0)"# } ?? ""
    return OpenAIReply.chat(
      #"{"emotions":[{"name":"despair","intensity":0.9}],"language":"en","sureness":0.8\#(flag)}"#
    )
  }

  @Test func `is asked for in the schema and in words`() {
    let question = ChatQuestion.mood("x")
    #expect(question.schema.json["required"]?.array?.contains("crisis") == true)
    #expect(question.schema.json["properties"]?["crisis"]?["type"] == "boolean")
    #expect(Prompts.builtIn.mood.contains("Figures of speech"))
  }

  @Test(arguments: ["true", #""true""#, #""Yes""#, "1"])
  func `is one, however the model writes it`(flag: String) async throws {
    #expect(try await self.extract(Self.reading(flag)).safety == .crisis)
  }

  @Test(arguments: ["false", #""no""#, "0", "null", "[]", "{}", "2", #""""#, nil])
  func `is none where the model says no, or nothing that can be understood`(
    flag: String?
  ) async throws {
    let answer = try await self.extract(Self.reading(flag))
    #expect(answer.safety == .none)
    #expect(answer.emotions.map(\.name) == ["despair"])
  }

  private static let blocked = OpenAIReply.json(
    """
    {"error":{"message":"secret words","type":null,"param":"prompt","code":"content_filter",\
    "status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":\
    {"self_harm":{"filtered":true,"severity":"medium"},"hate":{"filtered":false}}}}}
    """,
    status: 400
  )
  private static let answerBlocked = OpenAIReply.json(
    """
    {"choices":[{"message":{"content":""},"finish_reason":"content_filter",\
    "content_filter_results":{"self_harm":{"filtered":true,"severity":"high"}}}]}
    """
  )

  @Test(arguments: [Self.blocked, Self.answerBlocked])
  func `is answered with help where a filter stops it and nobody else reads it`(
    reply: HTTPResponse
  ) async throws {
    let answer = try await self.extract(reply)
    #expect(answer.safety == .crisis)
    #expect(answer.emotions.map(\.name) == ["despair"])
    #expect(answer.confidence == 0)
    #expect(answer.degraded.map(\.to) == ["content-filter"])
    #expect(answer.degraded.map(\.reason) == ["SELF_HARM"])
  }

  @Test func `is a crisis where the next provider reads what a filter stopped`() async throws {
    let answer = try await self.extract(Self.blocked, behind: true)
    #expect(answer.safety == .crisis)
    #expect(answer.usage.provider == "local")
    #expect(answer.degraded.map(\.reason) == ["SELF_HARM"])
  }

  @Test(arguments: [
    (
      #""prompt_filter_results":[{"content_filter_results":{"self_harm":{"severity":"high"}}}]"#,
      true
    ),
    (
      #""prompt_filter_results":[{"content_filter_results":{"self_harm":{"severity":"medium"}}}]"#,
      true
    ),
    (
      #""prompt_filter_results":[{"content_filter_results":{"self_harm":{"severity":"low"}}}]"#,
      false
    ),
    (#""prompt_filter_results":[{"content_filter_results":{"hate":{"severity":"high"}}}]"#, false),
    (#""moderation":{"input":{"results":[{"categories":{"self-harm/intent":true}}]}}"#, true),
    (#""moderation":{"input":{"results":[{"categories":{"self-harm":true}}]}}"#, false),
    (#""moderation":{"input":{"type":"error","code":"x"}}"#, false),
    (#""moderation":"none""#, false),
  ])
  func `is one where the vendor's moderation says so beside the answer`(
    member: String,
    isCrisis: Bool
  ) async throws {
    let reply = OpenAIReply.json(
      """
      {"choices":[{"message":{"content":"{\\"emotions\\":[{\\"name\\":\\"joy\\",\
      \\"intensity\\":1}],\\"crisis\\":false}"},"finish_reason":"stop"}],\(member)}
      """
    )
    #expect(try await self.extract(reply).safety == (isCrisis ? .crisis : .none))
  }

  private static let graded = """
    "prompt_filter_results":[{"prompt_index":0,"content_filter_results":\
    {"self_harm":{"filtered":false,"severity":"high"}}}]
    """

  @Test(arguments: [
    #"[{"message":{"content":null,"refusal":"I can't help with that."},"finish_reason":"stop"}]"#,
    #"[{"message":{"content":""},"finish_reason":"content_filter"}]"#,
    #"[{"message":{"content":""},"finish_reason":"stop"}]"#,
    #"[{"message":{"content":"I'm so sorry."},"finish_reason":"stop"}]"#,
    #"[{"message":{"content":"{\"emo"},"finish_reason":"length"}]"#,
    #"[{"message":{"content":null},"finish_reason":"error"}]"#,
    "[]",
  ])
  func `is answered with help where the model doesn't answer what the moderation graded`(
    choices: String
  ) async throws {
    let reply = OpenAIReply.json(#"{"choices":\#(choices),\#(Self.graded)}"#)
    let answer = try await self.extract(reply)
    #expect(answer.safety == .crisis)
    #expect(answer.degraded.map(\.reason) == ["SELF_HARM"])
    let read = try await self.extract(reply, behind: true)
    #expect(read.safety == .crisis)
    #expect(read.usage.provider == "local")
  }

  @Test(arguments: [
    (#"{"crisis":true,"emotions":[]}"#, "stop"),
    (#"{"crisis":true,"emotions":[{"name":"?!","intensity":1}],"language":"en"}"#, "stop"),
    (#"{"crisis":true}"#, "stop"), (#"{"crisis": "yes", "emotions": "none"}"#, "stop"),
    (#"{"crisis":true,"emotions":[{"name":"despair","intens"#, "length"),
    (#"{"emotions":[{"name":"despair"}],"crisis":1,"language":"e"#, "length"),
    ("```json\n{\"crisis\" : true,\n", "stop"),
  ])
  func `is answered with help where the model says so and no more that is of use`(
    content: String,
    finish: String
  ) async throws {
    let reply = OpenAIReply.chat(content, finish: finish)
    let answer = try await self.extract(reply)
    #expect(answer.safety == .crisis)
    #expect(answer.emotions.map(\.name) == ["despair"])
    #expect(answer.degraded.map(\.reason) == ["SELF_HARM"])
    let read = try await self.extract(reply, behind: true)
    #expect(read.safety == .crisis)
    #expect(read.usage.provider == "local")
  }

  @Test func `stays one where the model says so only when it is asked for the first time`()
    async throws
  {
    let first = OpenAIReply.chat(#"{"crisis":true,"emotions":[]}"#)
    let answer = try await self.extract(first, Self.reading("false"))
    #expect(answer.safety == .crisis)
    #expect(answer.degraded.isEmpty)
    #expect(answer.confidence == 0.8)
  }

  @Test(arguments: [
    #"{"crisis":false,"emotions":[]}"#, #"{"crisis":fal"#, #"{"crisis":"#, #"{"crisis":10,"em"#,
    "No crisis: true friends.",
  ])
  func `is none in an answer of no use that doesn't say so`(content: String) async throws {
    await #expect(throws: RPCError.self) { try await self.extract(OpenAIReply.chat(content)) }
  }

  @Test func `stays blocked where a filter stops it for another reason`() async throws {
    let reply = OpenAIReply.json(
      """
      {"error":{"code":"content_filter","innererror":{"content_filter_result":\
      {"self_harm":{"filtered":false,"severity":"safe"},"violence":{"filtered":true}}}}}
      """,
      status: 400
    )
    await #expect(throws: RPCError.self) { try await self.extract(reply) }
  }
}
