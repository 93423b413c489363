import Contracts
import HTTPClient
import HTTPMessage
import HTTPServer
import SwiftProtobuf
import Testing

@testable import RPC

typealias CountWriter = StreamWriter<RecommendResponse>

/// A server of `Count`, which answers by a handler of the test's.
func countingServer(
  limits: RPCLimits = RPCLimits(),
  health: Health = Health(),
  timeout: Duration? = nil,
  _ handler:
    @escaping @Sendable (RecommendRequest, ServerContext, CountWriter) async throws -> Void
) -> TestServer {
  TestServer(
    limits: limits,
    health: health,
    extend: { $0.register(TestServer.count, timeout: timeout, handler: handler) }
  )
}

extension TestServer {
  static let count = StreamMethod<RecommendRequest, RecommendResponse>(
    "test.v1.Test",
    "Count",
    .noSideEffects
  )

  /// Posts one envelope to `Count`.
  func count(
    _ message: String = "{}",
    flags: UInt8 = 0,
    _ fields: HeaderFields = [:]
  ) async throws -> HTTPResponse {
    let body = Envelope(flags: flags, payload: Array(message.utf8)).bytes
    return try await self.count(body: body, fields)
  }

  func count(body: [UInt8], _ fields: HeaderFields = [:]) async throws -> HTTPResponse {
    var all: HeaderFields = ["content-type": "application/connect+json"]
    for field in fields.fields { all[field.name] = field.value }
    let request = HTTPRequest(method: "POST", target: Self.count.path, fields: all, body: body)
    return try await self.send(request).collected(limit: .max)
  }
}

/// A message of a number.
func number(_ value: Int32) -> RecommendResponse { .with { $0.candidates = value } }

/// Sends 1, 2 and 3.
@Sendable
func countToThree(
  _ request: RecommendRequest,
  _ context: ServerContext,
  _ writer: CountWriter
) async throws {
  for value in 1...3 { try await writer.send(number(Int32(value))) }
}

extension HTTPResponse {
  /// The envelopes of a body, as their flags and texts.
  var envelopes: [String] {
    var reader = Envelope.Reader()
    reader.append(self.body)
    var envelopes: [String] = []
    while let envelope = try? reader.next(limit: .max) {
      envelopes.append("\(envelope.flags)\(String(decoding: envelope.payload, as: UTF8.self))")
    }
    return envelopes
  }

  /// The error in a stream's end.
  var endError: RPCError? {
    guard let last = self.envelopes.last, last.hasPrefix("2") else { return nil }
    let error = EndStream.decode(Array(last.dropFirst().utf8))?.error
    return error.map { RPCError($0.code ?? .unknown, $0.message ?? "", details: $0.details) }
  }
}

@Suite struct `A streaming method` {
  @Test(arguments: Codec.allCases)
  func `answers in envelopes, and says when it is over`(codec: Codec) async throws {
    let server = countingServer(countToThree)
    let message = try codec.encode(RecommendRequest())
    let response = try await server.count(
      body: Envelope(flags: 0, payload: message).bytes,
      ["content-type": codec.streamContentType + "; charset=utf-8"]
    )
    #expect(response.status == 200)
    #expect(response.fields["content-type"] == codec.streamContentType)
    #expect(response.fields["x-request-id"]?.isEmpty == false)
    let expected = try (1...3).map { value in
      Envelope(flags: 0, payload: try codec.encode(number(Int32(value)))).bytes
    }
    let end = Envelope(flags: 2, payload: Array("{}".utf8)).bytes
    #expect(response.body == expected.flatMap { $0 } + end)
    let record = try #require(server.records.all.first)
    #expect(server.records.all.count == 1)
    #expect(record.code == nil && record.status == 200 && record.codec == codec)
    #expect(record.responseBytes == response.body.count)
  }

  @Test func `may send nothing`() async throws {
    let response = try await countingServer { _, _, _ in }.count()
    #expect(response.envelopes == ["2{}"])
  }

  @Test func `ends with the error of its handler`() async throws {
    let server = countingServer { _, _, writer in
      try await writer.send(number(1))
      throw RPCError(.notFound, "no more", details: [.errorInfo(reason: "GONE")])
    }
    let response = try await server.count()
    #expect(response.status == 200)
    #expect(response.envelopes.count == 2)
    #expect(response.endError?.code == .notFound)
    #expect(response.endError?.reason == "GONE")
    #expect(server.records.all.map(\.code) == [.notFound])
  }

  @Test func `says nothing of an error that isn't for its caller`() async throws {
    struct Secret: Error { var text = "hunter2" }
    let server = countingServer { _, _, _ in throw Secret() }
    let response = try await server.count("{}", flags: 0, ["x-request-id": "r1"])
    #expect(response.endError?.code == .internal)
    #expect(!response.text.contains("hunter2"))
    #expect(response.endError?.detail(Google_Rpc_RequestInfo.self)?.requestID == "r1")
    #expect(server.records.all.first?.failure == "Secret")
  }

  @Test func `sends header fields with the first message and trailers with the end`() async throws {
    let server = countingServer { request, context, writer in
      context.responseFields.append("x-early", "1")
      try await writer.send(number(1))
      context.responseTrailers.append("x-sum", "1")
      context.responseTrailers.append("x-sum", "2")
      context.responseTrailers.append("x-raw-bin", bytes: [255])
    }
    let response = try await server.count()
    #expect(response.fields["x-early"] == "1")
    #expect(response.envelopes.last == #"2{"metadata":{"x-sum":["1","2"],"x-raw-bin":["/w"]}}"#)
  }

  @Test func `compresses large messages for those who take it`() async throws {
    let server = countingServer { request, _, writer in
      try await writer.send(.with { $0.language = "en" })
      try await writer.send(.with { $0.language = String(repeating: "e", count: 2000) })
    }
    let plain = try await server.count()
    #expect(plain.fields["connect-content-encoding"] == nil)
    #expect(plain.body.count > 2000)
    let response = try await server.count("{}", flags: 0, ["connect-accept-encoding": "br, gzip"])
    #expect(response.fields["connect-content-encoding"] == "gzip")
    #expect(response.fields["content-encoding"] == nil)
    #expect(response.body.count < 200)
    #expect(response.envelopes.map { $0.first } == ["0", "1", "2"])
  }

  private struct Refused: Sendable, CustomTestStringConvertible {
    var flags: UInt8 = 0
    var message = "{}"
    var fields: HeaderFields = [:]
    var code: Code

    var body: [UInt8] { Envelope(flags: self.flags, payload: Array(self.message.utf8)).bytes }
    var testDescription: String {
      "\(self.flags)\(self.message) \(self.fields.fields.map(\.value))"
    }
  }

  private static let refused: [Refused] = [
    Refused(message: "", code: .invalidArgument),
    Refused(message: "{", code: .invalidArgument),
    Refused(flags: 1, code: .internal),
    Refused(flags: 1, fields: ["connect-content-encoding": "identity"], code: .internal),
    Refused(flags: 1, fields: ["connect-content-encoding": "gzip"], code: .invalidArgument),
    Refused(fields: ["connect-content-encoding": "br"], code: .unimplemented),
    Refused(flags: 2, code: .invalidArgument),
    Refused(flags: 4, code: .invalidArgument),
    Refused(message: String(repeating: " ", count: 257), code: .resourceExhausted),
    Refused(fields: ["connect-timeout-ms": "x"], code: .invalidArgument),
    Refused(fields: ["connect-timeout-ms": "0"], code: .deadlineExceeded),
    Refused(fields: ["connect-protocol-version": "2"], code: .invalidArgument),
  ]

  @Test(arguments: Self.refused)
  private func `refuses a request that is none in a stream's end`(refused: Refused) async throws {
    try await self.expectRefusal(refused.body, refused.fields, refused.code)
  }

  @Test func `wants one message, no less and no more`() async throws {
    let message = Envelope(flags: 0, payload: Array("{}".utf8)).bytes
    for body in [[], Array(message.dropLast()), message + [0], message + message] {
      try await self.expectRefusal(body, [:], .unimplemented)
    }
  }

  private func expectRefusal(
    _ body: [UInt8],
    _ fields: HeaderFields,
    _ code: Code
  ) async throws {
    var limits = RPCLimits()
    limits.maxMessageBytes = 256
    let server = countingServer(limits: limits, countToThree)
    let response = try await server.count(body: body, fields)
    #expect(response.status == 200)
    #expect(response.endError?.code == code)
    #expect(server.records.all.map(\.code) == [code])
  }

  @Test func `names the field at fault`() async throws {
    let response = try await countingServer(countToThree).count(#"{"mood":1}"#)
    #expect(response.endError?.field == "mood")
  }

  @Test func `takes a compressed message`() async throws {
    let server = countingServer { request, _, writer in
      try await writer.send(.with { $0.language = request.mood })
    }
    let message = try #require(Gzip.compress(Array(#"{"mood":"calm"}"#.utf8)))
    let response = try await server.count(
      body: Envelope(flags: 1, payload: message).bytes,
      ["connect-content-encoding": "gzip"]
    )
    #expect(response.envelopes.first == #"0{"language":"calm"}"#)
  }

  @Test(arguments: ["application/json", "application/proto", "text/plain", "application/connect"])
  func `has no answer to another content type`(type: String) async throws {
    let response = try await countingServer(countToThree).count("{}", ["content-type": type])
    #expect(response.status == 415)
    let types = "application/connect+json, application/connect+proto"
    #expect(response.fields["accept-post"] == types)
  }

  @Test func `is not for GET, nor a unary method for streams`() async throws {
    let server = countingServer(countToThree)
    let get = try await server.get(TestServer.count.path + "?encoding=json&message=%7B%7D")
    #expect(get.status == 405)
    #expect(get.fields["allow"] == "POST")
    let unary = try await server.post(
      RecommendationMethods.recommend.path,
      "{}",
      ["content-type": "application/connect+json"]
    )
    #expect(unary.status == 415)
  }

  @Test func `ends at the caller's deadline, whatever its handler does`() async throws {
    let wasCancelled = Box(false)
    let server = countingServer { _, _, writer in
      try await writer.send(number(1))
      do { try await Task.sleep(for: .seconds(600)) } catch { wasCancelled.value = true }
      // A handler that goes on all the same speaks to nobody.
      try? await writer.send(number(2))
    }
    let response = try await server.count("{}", flags: 0, ["connect-timeout-ms": "100"])
    #expect(response.envelopes.count == 2)
    #expect(response.endError?.code == .deadlineExceeded)
    #expect(await eventually { wasCancelled.value })
    #expect(await eventually { server.records.all.map(\.code) == [.deadlineExceeded] })
  }

  @Test func `has its own time limit for those who name none`() async throws {
    let server = countingServer(timeout: .milliseconds(50)) { _, context, _ in
      #expect(context.deadline < .now + .seconds(1))
      #expect(CallScope.current.deadline == context.deadline)
      try await Task.sleep(for: .seconds(600))
    }
    #expect(try await server.count().endError?.code == .deadlineExceeded)
    let unlimited = countingServer { _, context, _ in
      #expect(context.deadline > .now + .seconds(86400))
      #expect(CallScope.current.deadline == nil)
    }
    #expect(try await unlimited.count().endError == nil)
  }

  @Test func `is cancelled before its first message when the caller hangs up`() async throws {
    let (started, begin) = AsyncStream.makeStream(of: Void.self)
    let server = countingServer { _, _, _ in
      begin.yield()
      try await Task.sleep(for: .seconds(600))
    }
    let call = Task { try await server.count() }
    for await _ in started.prefix(1) {}
    call.cancel()
    #expect(try await call.value.endError?.code == .canceled)
    #expect(server.records.all.map(\.code) == [.canceled])
  }

  @Test func `is unavailable when the server ends`() async throws {
    let health = Health()
    let (started, begin) = AsyncStream.makeStream(of: Void.self)
    let server = countingServer(health: health) { _, _, _ in
      begin.yield()
      try await Task.sleep(for: .seconds(600))
    }
    let call = Task { try await server.count() }
    for await _ in started.prefix(1) {}
    health.drain()
    call.cancel()
    #expect(try await call.value.endError?.code == .unavailable)
  }

  @Test func `waits for a caller who takes nothing`() async throws {
    let sent = Box(0)
    let large = RecommendResponse.with { $0.language = String(repeating: "x", count: 10_000) }
    let server = countingServer { _, _, writer in
      for count in 1...1000 {
        try await writer.send(large)
        sent.value = count
      }
    }
    let request = HTTPRequest(
      method: "POST",
      target: TestServer.count.path,
      fields: ["content-type": "application/connect+json"],
      body: Envelope(flags: 0, payload: Array("{}".utf8)).bytes
    )
    let response = try await server.send(request)
    try await Task.sleep(for: .milliseconds(100))
    #expect(sent.value <= 8)
    let whole = try await response.collected(limit: .max)
    #expect(whole.envelopes.count == 1001)
    #expect(sent.value == 1000)
  }
}

@Suite struct `A stream for those who speak plain JSON` {
  private func post(
    _ server: TestServer,
    accepting type: String,
    _ body: String = "{}"
  ) async throws -> HTTPResponse {
    try await server.post(TestServer.count.path, body, ["accept": type]).collected(limit: .max)
  }

  @Test(arguments: ["text/event-stream", "application/json;q=0.5, text/event-stream"])
  func `comes as events`(accept: String) async throws {
    let response = try await self.post(countingServer(countToThree), accepting: accept)
    #expect(response.status == 200)
    #expect(response.fields["content-type"] == "text/event-stream")
    #expect(response.fields["cache-control"] == "no-store")
    #expect(
      response.text == """
        event: message
        data: {"candidates":1}

        event: message
        data: {"candidates":2}

        event: message
        data: {"candidates":3}

        event: end
        data: {}


        """
    )
  }

  @Test func `comes as lines`() async throws {
    let server = countingServer { request, context, writer in
      context.responseTrailers.append("x-sum", "1")
      try await writer.send(.with { $0.language = request.mood })
      if request.mood == "bad" { throw RPCError(.aborted, "enough") }
    }
    let good = try await self.post(server, accepting: "application/x-ndjson", #"{"mood":"a\nb"}"#)
    #expect(good.fields["content-type"] == "application/x-ndjson")
    let lines = #"""
      {"message":{"language":"a\nb"}}
      {"end":{"metadata":{"x-sum":["1"]}}}

      """#
    #expect(good.text == lines)
    let bad = try await self.post(server, accepting: "application/x-ndjson", #"{"mood":"bad"}"#)
    #expect(bad.status == 200)
    let last = try #require(bad.text.split(separator: "\n").last)
    #expect(last.hasPrefix(#"{"error":{"code":"aborted","message":"enough""#))
  }

  @Test(arguments: ["text/event-stream", "application/x-ndjson"])
  func `is an error of its own when no message came before it`(accept: String) async throws {
    let server = countingServer { _, _, _ in throw RPCError(.notFound, "nothing") }
    let response = try await self.post(server, accepting: accept)
    #expect(response.status == 404)
    #expect(response.fields["content-type"] == "application/json")
    #expect(await response.error?.code == .notFound)
    #expect(server.records.all.map(\.status) == [404])
    let malformed = try await self.post(server, accepting: accept, #"{"mood":1}"#)
    #expect(malformed.status == 400)
    #expect(await malformed.error?.field == "mood")
  }

  @Test func `ends with an event of the error`() async throws {
    let server = countingServer { _, _, writer in
      try await writer.send(number(1))
      throw RPCError(.unavailable, "away")
    }
    let response = try await self.post(server, accepting: "text/event-stream")
    #expect(response.text.contains("\n\nevent: error\ndata: {\"code\":\"unavailable\""))
    #expect(!response.text.contains("event: end"))
  }

  @Test func `shows that the server is there while it has nothing to say`() async throws {
    var limits = RPCLimits()
    limits.heartbeatInterval = .milliseconds(20)
    let server = countingServer(limits: limits) { _, _, writer in
      try await Task.sleep(for: .milliseconds(300))
      try await writer.send(number(1))
    }
    let events = try await self.post(server, accepting: "text/event-stream")
    #expect(events.text.hasPrefix(":\n\n:\n\n"))
    #expect(events.text.contains(#"data: {"candidates":1}"#))
    let lines = try await self.post(server, accepting: "application/x-ndjson")
    #expect(lines.text.hasPrefix(#"{"message""#))
  }

  @Test(arguments: ["*/*", "application/json", "text/event-stream;q=0"])
  func `is not for those who don't ask for it`(accept: String) async throws {
    let response = try await self.post(countingServer(countToThree), accepting: accept)
    #expect(response.status == 415)
  }
}
