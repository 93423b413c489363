import CurlClient
import Foundation
import HTTPMessage
import Providers
import ScriptedServer
import Testing

/// Against a server that speaks OpenAI's batches; `Tests/EndToEnd/test_batch.py` has the whole way.
@Suite struct `Titles in batches` {
  private static let key = "k1234567"

  private static func titles(_ count: Int) -> [TitleText] {
    (0..<count).map { TitleText(id: "t\($0)", name: "Name \($0)", description: "", genres: []) }
  }

  private static func batch(_ status: String, _ more: String = #""output_file_id":"f""#) -> String {
    #"{"id":"batch_1","status":"\#(status)",\#(more)}"#
  }

  /// A line of a file of results: the annotations of `count` titles, or another reply.
  private static func line(_ id: String, titles count: Int) -> String {
    let titles = (1...count).map { OpenAIReply.title("\($0)") }
    return self.line(id, OpenAIReply.titles(titles))
  }

  private static func line(_ id: String, _ reply: HTTPResponse) -> String {
    let body = String(decoding: reply.body, as: UTF8.self)
    return #"{"custom_id":"\#(id)","response":{"status_code":\#(reply.status),"body":\#(body)}}"#
  }

  private static func collect(
    _ batch: String,
    _ lines: [String] = [],
    count: Int
  ) async throws -> TitleBatches.Outcome? {
    let file = OpenAIReply.json(lines.joined(separator: "\n"))
    return try await withServer({ request, _ in
      [.response(request.target.hasSuffix("/content") ? file : OpenAIReply.json(batch))]
    }) { (server) async throws in
      let batches = try #require(try server.emotionProvider().batches)
      return try await batches.collect(
        "batch_1",
        key: Self.key,
        count: count,
        until: .after(.seconds(10))
      )
    }
  }

  @Test func `are known by the ids of their requests, those of earlier versions too`() async throws
  {
    let lines = [
      Self.line("\(Self.key)-0-3", titles: 3), Self.line("\(Self.key)-3-1", titles: 1),
      Self.line("\(Self.key)-1", titles: 5), Self.line("other123-4-1", titles: 1),
      Self.line("\(Self.key)-4-99", titles: 1), Self.line("\(Self.key)-4-0", titles: 1),
      Self.line("\(Self.key)--4-1", titles: 1), Self.line("\(Self.key)-4-1-1", titles: 1),
    ]
    let outcome = try #require(
      try await Self.collect(Self.batch("completed"), lines, count: 15)
    )
    let answered = outcome.annotations.indices.filter {
      (try? outcome.annotations[$0].get()) != nil
    }
    #expect(answered == [0, 1, 2, 3, 10, 11, 12, 13, 14])
    #expect(outcome.failure == nil)
    #expect(Self.failures(outcome).allSatisfy { $0?.meaning == .timedOut && $0?.mayPass == true })
  }

  private static func failures(_ outcome: TitleBatches.Outcome) -> [TitleBatches.TitleFailure?] {
    outcome.annotations.compactMap { annotation in
      if case .failure(let failure) = annotation { failure } else { nil }
    }
  }

  @Test(arguments: [
    (OpenAIReply.chat(#"{"titles":["#, finish: "length"), 2, ProviderError.truncated, true),
    (OpenAIReply.chat(#"{"titles":["#, finish: "length"), 1, .truncated, true),
    (OpenAIReply.chat("", finish: "content_filter"), 2, .blocked, true),
    (OpenAIReply.chat("", finish: "content_filter"), 1, .blocked, false),
    (OpenAIReply.error(400, code: nil), 1, .badRequest, true),
    (OpenAIReply.error(429, code: "insufficient_quota"), 2, .outOfCredit, false),
    (OpenAIReply.error(500, code: nil), 1, .overloaded(), true),
  ])
  func `say of a failure what it means and whether it may pass`(
    reply: HTTPResponse,
    count: Int,
    meaning: ProviderError,
    mayPass: Bool
  ) async throws {
    let line = Self.line("\(Self.key)-0-\(count)", reply)
    let outcome = try #require(
      try await Self.collect(Self.batch("completed"), [line], count: count)
    )
    let failures = Self.failures(outcome)
    #expect(failures.count == count)
    #expect(failures.allSatisfy { $0?.meaning == meaning && $0?.mayPass == mayPass })
  }

  @Test(arguments: [
    ("token_limit_exceeded", ProviderError.rateLimited(), true),
    ("billing_hard_limit_reached", .outOfCredit, false), ("model_not_found", .unknownModel, false),
    ("invalid_json_line", .badRequest, true),
  ])
  func `that a vendor did not take up say why`(
    code: String,
    meaning: ProviderError,
    mayPass: Bool
  ) async throws {
    let errors = #""errors":{"object":"list","data":[{"code":"\#(code)","message":"no"}]}"#
    let outcome = try #require(try await Self.collect(Self.batch("failed", errors), count: 3))
    #expect(outcome.failure?.meaning == meaning)
    #expect(Self.failures(outcome).map { $0?.mayPass } == [mayPass, mayPass, mayPass])
    #expect(outcome.cost.use == TokenUse(input: 0, output: 0))
  }

  @Test func `that failed half way keep what was answered`() async throws {
    let more = #""output_file_id":"f","errors":{"data":[{"code":"billing_hard_limit_reached"}]}"#
    let line = Self.line("\(Self.key)-0-2", titles: 2)
    let outcome = try #require(
      try await Self.collect(Self.batch("failed", more), [line], count: 3)
    )
    #expect(outcome.failure == nil)
    #expect(Self.failures(outcome).map { $0?.meaning } == [.outOfCredit])
  }

  @Test(arguments: [
    (0, [10, 10, 5], 3200), (1, [3, 3, 3, 3, 3, 3, 3, 3, 1], 4400), (2, [], 8000),
  ])
  func `get smaller requests and more room after each answer that was of no use`(
    narrowing: Int,
    sizes: [Int],
    maxTokens: Int
  ) async throws {
    let lines = try await Self.submitted(25, BatchHandling(narrowing: narrowing))
    let found = try lines.map { line -> Int in
      let id = try #require(line["custom_id"] as? String)
      return try #require(id.split(separator: "-").last.flatMap { Int($0) })
    }
    #expect(found == (sizes.isEmpty ? Array(repeating: 1, count: 25) : sizes))
    let body = try #require(lines.first?["body"] as? [String: Any])
    #expect(body["max_completion_tokens"] as? Int == maxTokens)
  }

  @Test(arguments: [(0, "json_schema"), (1, nil), (2, "json_object"), (3, nil), (9, nil)])
  func `are asked for in the form below those that were refused`(
    refused: Int,
    format: String?
  ) async throws {
    let lines = try await Self.submitted(1, BatchHandling(formsRefused: refused))
    let body = try #require(lines.first?["body"] as? [String: Any])
    #expect((body["response_format"] as? [String: Any])?["type"] as? String == format)
    #expect((body["tools"] != nil) == (refused == 1))
  }

  @Test func `are asked for in the form that single requests have settled on`() async throws {
    let lines = try await Self.submitted(1, BatchHandling(), isSchemaRefused: true)
    let body = try #require(lines.first?["body"] as? [String: Any])
    #expect(body["response_format"] == nil && body["tools"] != nil)
  }

  /// The lines that a provider is handed, after a single request in which it may refuse the schema.
  private static func submitted(
    _ count: Int,
    _ handling: BatchHandling,
    isSchemaRefused: Bool = false
  ) async throws -> [[String: Any]] {
    try await withServer({ request, _ in
      if request.target.hasSuffix("/files") {
        return [.response(OpenAIReply.json(#"{"id":"file-1"}"#))]
      }
      if request.target.hasSuffix("/batches") {
        return [.response(OpenAIReply.json(#"{"id":"batch_1"}"#))]
      }
      let isSchema = String(decoding: request.body, as: UTF8.self).contains(#""json_schema""#)
      let refusal = #"{"error":{"message":"response_format json_schema is not supported"}}"#
      return [
        .response(
          isSchema
            ? OpenAIReply.json(refusal, status: 400)
            : OpenAIReply.titles([OpenAIReply.title("1")])
        )
      ]
    }) { (server) async throws in
      let provider = try server.emotionProvider()
      if isSchemaRefused {
        _ = try await provider.annotations(of: Self.titles(1), deadline: .after(.seconds(10)))
      }
      let batches = try #require(provider.batches)
      _ = try await batches.submit(
        Self.titles(count),
        handling,
        key: Self.key,
        mayExist: false,
        until: .after(.seconds(10))
      )
      let upload = try #require(server.log.requests.first { $0.target.hasSuffix("/files") })
      return String(decoding: upload.body, as: UTF8.self).split(whereSeparator: \.isNewline)
        .filter { $0.hasPrefix("{") }
        .compactMap {
          (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
    }
  }
}
