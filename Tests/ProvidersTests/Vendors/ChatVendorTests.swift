import Foundation
import HTTPMessage
import Providers
import ScriptedServer
import Testing

/// Every vendor of language models on every row.
@Suite struct `Each vendor of language models` {
  private static let mood = """
    {"emotions":[{"name":"joy","intensity":0.4},{"name":"quiet longing","intensity":0.9}],\
    "language":"en","sureness":0.8}
    """

  private func ask(
    _ vendor: ChatVendor,
    within time: Duration = .seconds(10),
    _ script: @escaping @Sendable (HTTPRequest, Int) -> [ScriptedServer.Step]
  ) async throws -> (Result<MoodAnswer, ProviderError>, requests: [HTTPRequest]) {
    try await withServer(script) { (server) async throws in
      let provider = try vendor.provider(at: server.authority)
      do throws(ProviderError) {
        let answer = try await provider.emotions(inMood: "I miss home", deadline: .after(time))
        return (.success(answer), server.log.requests)
      } catch {
        return (.failure(error), server.log.requests)
      }
    }
  }

  @Test(arguments: ChatVendor.all)
  func `is asked under its address, with its key, and answers`(vendor: ChatVendor) async throws {
    let reply = vendor.reply(Self.mood, false)
    let (outcome, requests) = try await self.ask(vendor) { _, _ in [.response(reply)] }
    let answer = try outcome.get()
    #expect(answer.emotions.map(\.name) == ["quiet longing", "joy"])
    #expect(answer.language == "en")
    #expect(answer.inputTokens == 100)
    #expect(answer.outputTokens == 20)
    #expect(requests.count == 1)
    #expect(requests.first?.target == vendor.target)
    #expect(requests.first?.fields[vendor.sentKey.name] == vendor.sentKey.value)
    let body = String(decoding: requests.first?.body ?? [], as: UTF8.self)
    #expect(!body.contains("k-test"))
    #expect(body.components(separatedBy: "I miss home").count == 2)
  }

  @Test(arguments: ChatVendor.all, FailureRow.allCases)
  func `fails with a meaning, and never repeats what the vendor wrote`(
    vendor: ChatVendor,
    row: FailureRow
  ) async throws {
    let reply = try #require(vendor.failures[row])
    let (outcome, _) = try await self.ask(vendor) { _, _ in [.response(reply)] }
    #expect(outcome == .failure(row.meaning))
    #expect(!"\(outcome)".contains(Failures.secret))
  }

  @Test(arguments: ChatVendor.all)
  func `says that it blocked a text`(vendor: ChatVendor) async throws {
    let (outcome, requests) = try await self.ask(vendor) { _, _ in [.response(vendor.blocked)] }
    #expect(outcome == .failure(vendor.blockedMeaning))
    #expect(requests.count == 1)
  }

  @Test(arguments: ChatVendor.all)
  func `gets more room once when its answer is cut off`(vendor: ChatVendor) async throws {
    let cut = vendor.reply("{\"emo", true)
    let (failed, requests) = try await self.ask(vendor) { _, _ in [.response(cut)] }
    #expect(failed == .failure(.truncated))
    #expect(requests.count == 2)
    let bodies = requests.map { String(decoding: $0.body, as: UTF8.self) }
    #expect(bodies.first?.contains(":500") == true)
    #expect(bodies.last?.contains(":2000") == true)
    let whole = vendor.reply(Self.mood, false)
    let (repaired, _) = try await self.ask(vendor) { _, number in
      [.response(number == 0 ? cut : whole)]
    }
    #expect(try repaired.get().inputTokens == 200)
  }

  @Test(arguments: ChatVendor.all)
  func `that needed more room has it from the next mood on`(vendor: ChatVendor) async throws {
    let cut = vendor.reply("{\"emo", true)
    let whole = vendor.reply(Self.mood, false)
    try await withServer({ request, _ in
      let hasRoom = String(decoding: request.body, as: UTF8.self).contains(":2000")
      return [.response(hasRoom ? whole : cut)]
    }) { (server) async throws in
      let provider = try vendor.provider(at: server.authority)
      for count in [2, 3, 4] {
        let answer = try await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
        #expect(answer.inputTokens == (count == 2 ? 200 : 100))
        #expect(server.log.requests.count == count)
      }
      #expect(provider.remark.contains("more room"))
    }
  }

  @Test func `that is cut off with more room isn't given more again`() async throws {
    let vendor = try #require(ChatVendor.all.first { $0.name == "openai" })
    let cut = vendor.reply("{\"emo", true)
    let whole = vendor.reply(Self.mood, false)
    try await withServer({ _, number in [.response(number == 1 ? whole : cut)] }) {
      (server) async throws in
      let provider = try vendor.provider(at: server.authority)
      _ = try await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
      await #expect(throws: ProviderError.truncated) {
        try await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
      }
      let room = server.log.requests.map {
        RequestBody.object($0)["max_completion_tokens"] as? Int
      }
      #expect(room == [500, 2000, 2000])
    }
  }

  @Test func `Ollama's models are asked not to think, and told the schema in words`() throws {
    let vendor = try #require(ChatVendor.all.first { $0.name == "ollama" })
    let api = vendor.api(try VendorEndpoint(baseURL: "http://h", key: nil))
    for form in api.forms {
      let request = api.request(for: .mood("x"), as: form)
      #expect(RequestBody.object(request)["think"] as? Bool == false)
      #expect(RequestBody.message(request, role: "system")?.contains("JSON schema") == true)
    }
  }

  @Test(arguments: [(0, 500), (5000, 3200), (5000, 12_800)])
  func `Ollama's context has room for the prompt and the answer`(
    descriptionLength: Int,
    answerTokens: Int
  ) throws {
    let vendor = try #require(ChatVendor.all.first { $0.name == "ollama" })
    let api = vendor.api(try VendorEndpoint(baseURL: "http://h", key: nil))
    let description = String(repeating: "d", count: descriptionLength)
    var question = ChatQuestion.titles(
      (0..<10).map { TitleText(id: "\($0)", name: "N", description: description, genres: []) }
    )
    question.maxTokens = answerTokens
    let request = api.request(for: question, as: .schema)
    let options = RequestBody.object(request)["options"] as? [String: Any]
    let size = try #require(options?["num_ctx"] as? Int)
    let promptBytes = ["system", "user"].reduce(0) { sum, role in
      sum + (RequestBody.message(request, role: role)?.utf8.count ?? 0)
    }
    let tokens = promptBytes / 3 + answerTokens
    #expect(size.isMultiple(of: 2048))
    #expect(size >= tokens)
    #expect(size == 8192 || size < tokens + 2048)
    #expect((size == 8192) == (descriptionLength == 0))
    #expect(options?["num_predict"] as? Int == answerTokens)
  }

  @Test(arguments: [
    "<think>A {mood}.</think>", "A {mood} that I should read.\n</think>\n", "</think>",
  ])
  func `thoughts before an answer are left out, with or without their beginning`(
    thoughts: String
  ) async throws {
    let vendor = try #require(ChatVendor.all.first { $0.name == "vllm" })
    let reply = vendor.reply(thoughts + Self.mood, false)
    let (outcome, requests) = try await self.ask(vendor) { _, _ in [.response(reply)] }
    #expect(try outcome.get().emotions.count == 2)
    #expect(requests.count == 1)
  }

  @Test(arguments: ChatVendor.all, ["I feel that you are proud.", "{}", "[]", "null"])
  func `is asked once more when its answer is none`(
    vendor: ChatVendor,
    content: String
  ) async throws {
    let prose = vendor.reply(content, false)
    let (failed, requests) = try await self.ask(vendor) { _, _ in [.response(prose)] }
    #expect(failed == .failure(.malformedReply))
    #expect(requests.count == 2)
    // The second question spells the form out.
    let second = String(decoding: requests.last?.body ?? [], as: UTF8.self)
    #expect(second.contains("matches this JSON") || second.contains("match this JSON"))
  }

  @Test(arguments: ChatVendor.all, ["", "<html>", "[]", "null", "{}", #"{"choices":[]}"#])
  func `is not believed without its own form of reply`(
    vendor: ChatVendor,
    body: String
  ) async throws {
    let (outcome, _) = try await self.ask(vendor) { _, _ in [.response(failure(200, body))] }
    #expect(outcome == .failure(.malformedReply))
  }

  @Test(arguments: ChatVendor.all)
  func `may be slow within the deadline`(vendor: ChatVendor) async throws {
    let reply = vendor.reply(Self.mood, false)
    let (outcome, _) = try await self.ask(vendor) { _, _ in
      [.pause(.milliseconds(100)), .response(reply)]
    }
    #expect(try outcome.get().emotions.count == 2)
    let (late, _) = try await self.ask(vendor, within: .milliseconds(100)) { _, _ in [.hang] }
    #expect(late == .failure(.timedOut))
  }

  @Test(arguments: ChatVendor.all)
  func `may be cut off in the middle`(vendor: ChatVendor) async throws {
    let wire = ScriptedServer.wireForm(of: vendor.reply(Self.mood, false))
    for length in [10, wire.count / 2, wire.count - 1] {
      let (outcome, _) = try await self.ask(vendor) { _, _ in
        [.bytes(Array(wire.prefix(length))), .close]
      }
      #expect(outcome == .failure(.unreachable))
    }
  }

  @Test(arguments: ChatVendor.all)
  func `that refuses the strict form is asked in the next one, from then on`(
    vendor: ChatVendor
  ) async throws {
    let reply = vendor.reply(Self.mood, false)
    try await withServer({ _, number in [.response(number == 0 ? vendor.formRefusal : reply)] }) {
      (server) async throws in
      let provider = try vendor.provider(at: server.authority)
      #expect(provider.remark.isEmpty)
      for _ in 0..<2 {
        let answer = try await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
        #expect(answer.emotions.count == 2)
      }
      let bodies = server.log.requests.map { RequestBody.object($0) }
      #expect(bodies.count == 3)
      let forms = bodies.map { "\(String(describing: $0[vendor.formMember]))" }
      #expect(forms[0] != forms[1])
      #expect(forms[1] == forms[2])
      #expect(!provider.remark.isEmpty)
    }
  }

  @Test(arguments: ChatVendor.all)
  func `that refuses every form is asked in each once, and says so`(
    vendor: ChatVendor
  ) async throws {
    let (outcome, requests) = try await self.ask(vendor) { _, _ in [.response(vendor.formRefusal)] }
    #expect(outcome == .failure(.formUnsupported))
    let endpoint = try VendorEndpoint(baseURL: "http://h", key: nil)
    #expect(requests.count == vendor.api(endpoint).forms.count)
  }

  @Test func `a refusal that doesn't name the form counts for it when it comes three times`()
    async throws
  {
    let vendor = try #require(ChatVendor.all.first { $0.name == "openai" })
    let reply = vendor.reply(Self.mood, false)
    let refusal = try #require(vendor.failures[.badRequest])
    try await withServer({ request, _ in
      let isStrict = RequestBody.object(request)["response_format"] != nil
      return [.response(isStrict ? refusal : reply)]
    }) { (server) async throws in
      let provider = try vendor.provider(at: server.authority)
      for count in [2, 4, 6, 7, 8] {
        _ = try await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
        #expect(server.log.requests.count == count)
      }
    }
  }

  @Test func `a refusal that doesn't name the form is stepped down from behind one that does`()
    async throws
  {
    let vendor = try #require(ChatVendor.all.first { $0.name == "openai" })
    let reply = vendor.reply(Self.mood, false)
    let refusal = try #require(vendor.failures[.badRequest])
    try await withServer({ request, _ in
      let body = RequestBody.object(request)
      if body["tools"] != nil { return [.response(refusal)] }
      let format = body["response_format"] as? [String: Any]
      let isSchema = format?["type"] as? String == "json_schema"
      return [.response(isSchema ? vendor.formRefusal : reply)]
    }) { (server) async throws in
      let provider = try vendor.provider(at: server.authority)
      // The schema is refused for good at once, the tool after three times.
      for count in [3, 5, 7, 8] {
        _ = try await provider.emotions(inMood: "x", deadline: .after(.seconds(10)))
        #expect(server.log.requests.count == count)
      }
    }
  }

  @Test func `refusals that don't name the form are forgotten when it is answered in`() async throws
  {
    let vendor = try #require(ChatVendor.all.first { $0.name == "openai" })
    let reply = vendor.reply(Self.mood, false)
    let refusal = try #require(vendor.failures[.badRequest])
    try await withServer({ request, _ in
      let body = RequestBody.object(request)
      let isOdd = RequestBody.material(request, tag: "mood") as? String == "odd"
      return [.response(isOdd && body["response_format"] != nil ? refusal : reply)]
    }) { (server) async throws in
      let provider = try vendor.provider(at: server.authority)
      for mood in Array(repeating: ["odd", "odd", "even"], count: 3).joined() {
        _ = try await provider.emotions(inMood: mood, deadline: .after(.seconds(10)))
      }
      #expect(provider.remark.isEmpty)
      #expect(server.log.requests.count == 15)
    }
  }

  @Test(arguments: [
    ("json_validate_failed", "Failed to generate JSON. Please adjust your prompt."),
    ("tool_use_failed", "Failed to call a function. Please adjust your tools."),
  ])
  func `an answer that Groq couldn't read is asked for again in the same form`(
    code: String,
    message: String
  ) async throws {
    let vendor = try #require(ChatVendor.all.first { $0.name == "groq" })
    let unread = failure(
      400,
      """
      {"error":{"message":"\(message)","type":"invalid_request_error","code":"\(code)",\
      "failed_generation":"\(Failures.secret)"}}
      """
    )
    let reply = vendor.reply(Self.mood, false)
    let (outcome, requests) = try await self.ask(vendor) { _, number in
      [.response(number == 0 ? unread : reply)]
    }
    #expect(try outcome.get().emotions.count == 2)
    let forms = requests.map { RequestBody.object($0)["response_format"] as? [String: Any] }
    #expect(forms.map { $0?["type"] as? String } == ["json_schema", "json_schema"])
    let (failed, _) = try await self.ask(vendor) { _, _ in [.response(unread)] }
    #expect(failed == .failure(.malformedReply))
  }

  @Test func `a tool's arguments are the answer`() async throws {
    let arguments = OpenAIReply.quoted(Self.mood)
    let replies: [String: String] = [
      "openai": """
      {"choices":[{"message":{"content":null,"tool_calls":[{"id":"1","type":"function","function":\
      {"name":"mood","arguments":\(arguments)}}]},"finish_reason":"tool_calls"}]}
      """,
      "openai-responses": """
      {"status":"completed","output":[{"type":"function_call","name":"mood",\
      "arguments":\(arguments)}]}
      """,
      "anthropic": """
      {"content":[{"type":"text","text":"I record."},{"type":"tool_use","id":"1","name":"mood",\
      "input":\(Self.mood)}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}
      """,
      "gemini": """
      {"candidates":[{"content":{"parts":[{"functionCall":{"name":"mood","args":\(Self.mood)}}]},\
      "finishReason":"STOP"}]}
      """,
    ]
    for vendor in ChatVendor.all {
      guard let reply = replies[vendor.name] else { continue }
      let (outcome, _) = try await self.ask(vendor) { _, _ in [.response(failure(200, reply))] }
      #expect(try outcome.get().emotions.first?.intensity == 0.9, "\(vendor.name)")
    }
  }

  @Test(arguments: [
    "emotions: [joy, quiet longing]", "**Emotions:** joy (0.8), quiet longing (0.3)",
    "[joy, quiet longing]", "Emotions: joy; quiet longing\n\nI hope this helps.",
    #"{"emotions":["joy","quiet longing"]}"#, "<think>emotions: [fear]</think>emotions: joy, calm",
    #"emotions = ['joy', 'awe', 'a very long name of nothing', '7']"#,
    #"{"emotions":"joy"}"#,
  ])
  func `a list in words is read where nothing better comes`(content: String) async throws {
    let vendor = try #require(ChatVendor.all.first { $0.name == "lmstudio" })
    let reply = vendor.reply(content, false)
    let (outcome, _) = try await self.ask(vendor) { _, _ in [.response(reply)] }
    let emotions = try outcome.get().emotions
    #expect(emotions.first?.name == "joy")
    #expect(emotions.allSatisfy { (0...1).contains($0.intensity) })
    #expect(try outcome.get().confidence == 0.5)
  }
}
