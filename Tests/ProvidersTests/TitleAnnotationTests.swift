import HTTPMessage
import Providers
import ScriptedServer
import Testing

@Suite struct `Annotating titles by a language model` {
  private static func titles(_ count: Int) -> [TitleText] {
    (1...count).map { TitleText(id: "ts\($0)", name: "Name \($0)", description: "", genres: []) }
  }

  private func annotate(
    _ count: Int,
    _ replies: [HTTPResponse]
  ) async throws -> (TitlesAnswer, requests: [HTTPRequest]) {
    try await withServer({ _, number in [.response(replies[min(number, replies.count - 1)])] }) {
      (server) async throws in
      let provider = try server.emotionProvider()
      let answer = try await provider.annotations(
        of: Self.titles(count),
        deadline: .after(.seconds(10))
      )
      return (answer, server.log.requests)
    }
  }

  @Test func `answers are matched by id, whatever their order`() async throws {
    let reply = OpenAIReply.titles([
      OpenAIReply.title("2", emojis: #""🎸","🎤","🌙""#), OpenAIReply.title("1"),
    ])
    let (answer, requests) = try await self.annotate(2, [reply])
    #expect(answer.annotations["ts1"]?.emojis == ["🕵️", "🌃", "💔"])
    #expect(answer.annotations["ts2"]?.emojis == ["🎸", "🎤", "🌙"])
    #expect(answer.annotations["ts1"]?.emotions.count == 8)
    #expect(answer.inputTokens == 100)
    #expect(requests.count == 1)
  }

  @Test func `nine emotions are cut to eight`() async throws {
    let reply = OpenAIReply.titles([OpenAIReply.title("1", emotions: 9)])
    let (answer, _) = try await self.annotate(1, [reply])
    #expect(answer.annotations["ts1"]?.emotions.map(\.name).last == "calm")
    #expect(answer.annotations["ts1"]?.emotions.count == 8)
  }

  @Test(arguments: [
    OpenAIReply.title("2", emotions: 7), OpenAIReply.title("2", emojis: #""🕵️","🌃","x""#),
    OpenAIReply.title("3"), OpenAIReply.title("2") + "," + OpenAIReply.title("2"),
  ])
  func `only the titles that failed are asked for again`(bad: String) async throws {
    let (answer, requests) = try await self.annotate(
      2,
      [
        OpenAIReply.titles([OpenAIReply.title("1"), bad]),
        OpenAIReply.titles([OpenAIReply.title("1", emojis: #""🎸","🎤","🌙""#)]),
      ]
    )
    #expect(answer.annotations["ts1"]?.emojis == ["🕵️", "🌃", "💔"])
    #expect(answer.annotations["ts2"]?.emojis == ["🎸", "🎤", "🌙"])
    #expect(answer.inputTokens == 200)
    #expect(requests.count == 2)
    let again = try #require(requests.last)
    let material = RequestBody.material(again, tag: "titles") as? [[String: Any]]
    #expect(material?.map { $0["name"] as? String } == ["Name 2"])
  }

  @Test func `room that was learnt is given up where the server doesn't have it`() async throws {
    let ten = OpenAIReply.titles((1...10).map { OpenAIReply.title("\($0)") })
    try await withServer({ request, _ in
      let room = RequestBody.object(request)["max_completion_tokens"] as? Int ?? 0
      if room > 8192 { return [.response(OpenAIReply.error(400, code: nil))] }
      return [.response(room == 500 ? OpenAIReply.chat("{\"ti", finish: "length") : ten)]
    }) { (server) async throws in
      let provider = try server.emotionProvider()
      for count in [10, 1, 10, 10] {
        let answer = try await provider.annotations(
          of: Self.titles(count),
          deadline: .after(.seconds(10))
        )
        #expect(answer.annotations.count == count)
      }
      let room = server.log.requests.map {
        RequestBody.object($0)["max_completion_tokens"] as? Int
      }
      // The refusal doesn't say why, so that it is asked in another form first.
      #expect(room == [3200, 500, 2000, 12_800, 12_800, 3200, 3200])
      #expect(provider.remark.isEmpty)
    }
  }

  @Test func `what can't be repaired is left out`() async throws {
    let (answer, requests) = try await self.annotate(
      2,
      [
        OpenAIReply.titles([OpenAIReply.title("1"), OpenAIReply.title("2", emotions: 3)]),
        OpenAIReply.error(500, code: nil),
      ]
    )
    #expect(Set(answer.annotations.keys) == ["ts1"])
    #expect(requests.count == 2)
  }

  @Test func `a chain fills the gaps of one provider from the next`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.titles([OpenAIReply.title("1")]))] }) {
      (first) async throws in
      let both = OpenAIReply.titles([OpenAIReply.title("1"), OpenAIReply.title("2")])
      try await withServer({ _, _ in [.response(both)] }) { (second) async throws in
        let chain = ProviderChain(
          [try first.emotionProvider(), try second.emotionProvider("second")],
          policy: `A chain of providers`.policy
        )
        let titles = Self.titles(3)
        let outcomes = await chain.annotations(of: titles, until: .after(.seconds(10)))
        let answers = try outcomes.map { try $0.get() }
        // The first provider answers "1" of whatever it is asked: ts1 first, then ts2 on repair.
        #expect(answers.map(\.provider) == ["openai", "openai", "second"])
        #expect(
          answers.map(\.degradations) == [
            [], [], [Degradation(from: "openai", to: "second", reason: "MALFORMED_REPLY")],
          ]
        )
        #expect(answers.map(\.inputTokens).reduce(0, +) == 300)
      }
    }
  }

  @Test func `a hundred titles go out in calls of ten, and all come back`() async throws {
    let ten = OpenAIReply.titles((1...10).map { OpenAIReply.title("\($0)") }, tokens: (105, 23))
    try await withServer({ _, _ in [.pause(.milliseconds(10)), .response(ten)] }) {
      (server) async throws in
      let chain = ProviderChain([try server.emotionProvider()])
      let outcomes = await chain.annotations(of: Self.titles(100), until: .after(.seconds(20)))
      let answers = try outcomes.map { try $0.get() }
      #expect(answers.count == 100)
      #expect(answers.map(\.inputTokens).reduce(0, +) == 1050)
      #expect(answers.map(\.outputTokens).reduce(0, +) == 230)
      #expect(server.log.requests.count == 10)
    }
  }

  @Test func `each title of a failed call carries the failure`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.error(401, code: nil))] }) {
      (server) async throws in
      let chain = ProviderChain([try server.emotionProvider()])
      let outcomes = await chain.annotations(of: Self.titles(25), until: .after(.seconds(10)))
      #expect(outcomes.count == 25)
      for outcome in outcomes { #expect(outcome == .failure(.unauthenticated)) }
    }
  }
}
