import Contracts
import HTTPClient
import HTTPMessage
import HTTPServer
import SwiftProtobuf
import Synchronization
import Testing

@testable import RPC

extension MessageStream where Response == RecommendResponse {
  /// The numbers of all messages.
  func numbers() async throws -> [Int32] {
    var numbers: [Int32] = []
    for try await message in self { numbers.append(message.candidates) }
    return numbers
  }
}

/// Serves over HTTP/2 on a free port while `body` calls.
private func calling<R: Sendable>(
  _ server: TestServer,
  codec: Codec = .proto,
  _ body: (RPCClient) async throws -> R
) async throws -> R {
  let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0) { _, _ in
    HTTPResponse(status: 400)
  }
  return try await withHTTPServer(configuration, handler: server.handler) { address in
    let transport = HTTP2Client(host: address.host, port: address.port)
    let client = try RPCClient(
      baseURL: "http://\(address.host):\(address.port)",
      send: transport.handler,
      codec: codec
    )
    let result: Result<R, any Error>
    do { result = .success(try await body(client)) } catch { result = .failure(error) }
    await transport.close()
    return try result.get()
  }
}

@Suite(.timeLimit(.minutes(2))) struct `A client of streams` {
  @Test(arguments: Codec.allCases)
  func `gets each message when it is sent, and the metadata`(codec: Codec) async throws {
    let (asked, ask) = AsyncStream.makeStream(of: Void.self)
    let server = countingServer { request, context, writer in
      context.responseFields.append("x-mood", request.mood)
      var asked = asked.makeAsyncIterator()
      for value in 1...3 {
        try await writer.send(number(Int32(value)))
        await asked.next()
      }
      context.responseTrailers.append("x-sum-bin", bytes: [6])
    }
    try await calling(server, codec: codec) { client in
      let stream = try await client.stream(TestServer.count, .with { $0.mood = "calm" })
      #expect(stream.fields["x-mood"] == "calm")
      var messages = stream.makeAsyncIterator()
      for value in 1...3 {
        let message = try await messages.next()
        #expect(message?.candidates == Int32(value))
        ask.yield()
      }
      #expect(try await messages.next() == nil)
      #expect(try await messages.next() == nil)
      #expect(stream.trailers.binaryValues(of: "x-sum-bin") == [[6]])
    }
    #expect(server.records.all.map(\.code) == [nil])
  }

  @Test func `gets twenty thousand bytes in each of a hundred messages`() async throws {
    let server = countingServer { _, _, writer in
      let text = String(repeating: "0123456789", count: 2000)
      for _ in 0..<100 { try await writer.send(.with { $0.language = text }) }
    }
    let count = try await calling(server) { client in
      var count = 0
      for try await message in try await client.stream(TestServer.count, RecommendRequest()) {
        count += message.language.utf8.count
      }
      return count
    }
    #expect(count == 2_000_000)
  }

  @Test func `gets the server's error after the messages`() async throws {
    let server = countingServer { _, context, writer in
      try await writer.send(number(1))
      context.responseTrailers.append("x-why", "tired")
      throw RPCError(.aborted, "enough", details: [.errorInfo(reason: "TIRED")])
    }
    try await calling(server) { client in
      let stream = try await client.stream(TestServer.count, RecommendRequest())
      var messages = stream.makeAsyncIterator()
      #expect(try await messages.next()?.candidates == 1)
      for _ in 0..<2 {
        do throws(RPCError) {
          _ = try await messages.next()
          Issue.record("no error")
        } catch {
          #expect(error.code == .aborted)
          #expect(error.message == "enough")
          #expect(error.reason == "TIRED")
          #expect(error.metadata["x-why"] == "tired")
        }
      }
    }
  }

  @Test func `ends at its deadline, which the server knows`() async throws {
    let wasCancelled = Box(false)
    let server = countingServer { _, context, writer in
      #expect(context.deadline < .now + .seconds(1))
      try await writer.send(number(1))
      do { try await Task.sleep(for: .seconds(600)) } catch { wasCancelled.value = true }
    }
    try await calling(server) { client in
      let began = ContinuousClock.now
      let stream = try await client.stream(
        TestServer.count,
        RecommendRequest(),
        timeout: .milliseconds(300)
      )
      await #expect {
        _ = try await stream.numbers()
      } throws: {
        ($0 as? RPCError)?.code == .deadlineExceeded
      }
      #expect(ContinuousClock.now - began < .seconds(30))
    }
    #expect(await eventually { wasCancelled.value })
  }

  @Test func `ends at its deadline when the server has fallen silent`() async throws {
    let client = try RPCClient(baseURL: "http://test") { _ in
      let (silence, end) = AsyncStream.makeStream(of: [UInt8].self)
      var response = HTTPResponse(
        status: 200,
        fields: ["content-type": "application/connect+proto"]
      )
      response.stream = HTTPBodyStream(
        next: { await silence.first { _ in true } },
        cancel: { end.finish() }
      )
      return response
    }
    let stream = try await client.stream(
      TestServer.count,
      RecommendRequest(),
      timeout: .milliseconds(50)
    )
    await #expect {
      _ = try await stream.numbers()
    } throws: {
      ($0 as? RPCError)?.code == .deadlineExceeded
    }
  }

  @Test func `cancels the handler when it is dropped or cancelled`() async throws {
    let cancelled = Box(0)
    let server = countingServer { _, _, writer in
      try await writer.send(number(1))
      do { try await Task.sleep(for: .seconds(600)) } catch {
        cancelled.value += 1
        throw error
      }
    }
    try await calling(server) { client in
      do {
        let stream = try await client.stream(TestServer.count, RecommendRequest())
        for try await message in stream {
          #expect(message.candidates == 1)
          break
        }
      }
      #expect(await eventually { cancelled.value == 1 })
      let stream = try await client.stream(TestServer.count, RecommendRequest())
      let reading = Task { try await stream.numbers() }
      try await Task.sleep(for: .milliseconds(50))
      reading.cancel()
      await #expect {
        _ = try await reading.value
      } throws: {
        ($0 as? RPCError)?.code == .canceled
      }
      #expect(await eventually { cancelled.value == 2 })
    }
    #expect(server.records.all.allSatisfy { $0.code == .canceled })
  }

  @Test func `hands its caller's time and identity on`() async throws {
    let seen = Box<[HeaderFields]>([])
    let server = countingServer { _, context, writer in
      seen.value += [context.fields]
      try await writer.send(number(1))
    }
    let client = try RPCClient(baseURL: "http://test", send: server.handler)
    _ = try await client.stream(TestServer.count, RecommendRequest()).numbers()
    let scope = CallScope(deadline: .now + .seconds(5), requestID: "r-7")
    try await CallScope.$current.withValue(scope) {
      _ = try await client.stream(TestServer.count, RecommendRequest()).numbers()
    }
    #expect(seen.value[0]["connect-timeout-ms"] == nil)
    let milliseconds = seen.value[1]["connect-timeout-ms"].flatMap { Int($0) } ?? 0
    #expect((1...4995).contains(milliseconds))
    #expect(seen.value[1]["x-request-id"] == "r-7")
  }

  @Test func `compresses what is large`() async throws {
    let seen = Box<String?>(nil)
    let server = countingServer { request, context, writer in
      seen.value = context.fields["connect-content-encoding"]
      try await writer.send(.with { $0.language = request.mood })
    }
    let client = try RPCClient(baseURL: "http://test", send: server.handler)
    let mood = String(repeating: "calm ", count: 5000)
    let stream = try await client.stream(TestServer.count, .with { $0.mood = mood })
    for try await message in stream { #expect(message.language == mood) }
    #expect(seen.value == "gzip")
    #expect(stream.fields["connect-content-encoding"] == "gzip")
  }

  // MARK: What no server should send

  private static let end = Envelope(flags: 2, payload: Array("{}".utf8)).bytes
  private static let message = Envelope(flags: 0, payload: []).bytes

  private func error(
    _ body: [UInt8],
    status: Int = 200,
    _ fields: HeaderFields = ["content-type": "application/connect+proto"],
    limit: Int = 1000
  ) async throws -> RPCError? {
    let response = HTTPResponse(status: status, fields: fields, body: body)
    let client = try RPCClient(
      baseURL: "http://test",
      send: { _ in response },
      maxResponseBytes: limit
    )
    do {
      _ = try await client.stream(TestServer.count, RecommendRequest()).numbers()
      return nil
    } catch let error as RPCError {
      return error
    }
  }

  @Test func `reads a stream that is whole already`() async throws {
    #expect(try await self.error(Self.message + Self.end) == nil)
  }

  @Test func `takes no stream for whole that isn't`() async throws {
    for body in [[], Self.message, Array((Self.message + Self.end).dropLast())] {
      #expect(try await self.error(body)?.code == .internal)
    }
  }

  @Test(
    arguments: [
      (#"{"error":{}}"#, Code.unknown), (#"{"error":{"code":"nonsense"}}"#, .unknown),
      (#"{"error":{"code":"aborted"}}"#, .aborted), ("[]", .internal), ("", .internal),
      (#"{"error":{"code":"aborted","message":1,"details":3},"x":1}"#, .aborted),
    ]
  )
  func `makes something of any end`(end: String, code: Code) async throws {
    let body = Envelope(flags: 2, payload: Array(end.utf8)).bytes
    #expect(try await self.error(body)?.code == code)
  }

  @Test func `knows the limit of a message, compressed or not`() async throws {
    let response =
      try RecommendResponse.with { $0.language = String(repeating: "x", count: 997) }
      .serializedBytes() as [UInt8]
    #expect(response.count == 1000)
    for flags in [0, 1] as [UInt8] {
      let payload = flags == 0 ? response : try #require(Gzip.compress(response))
      let body = Envelope(flags: flags, payload: payload).bytes + Self.end
      let fields: HeaderFields = [
        "content-type": "application/connect+proto", "connect-content-encoding": "gzip",
      ]
      #expect(try await self.error(body, fields, limit: 1000) == nil)
      let error = try await self.error(body, fields, limit: 999)
      #expect(error?.code == .resourceExhausted)
    }
  }

  @Test(
    arguments: [
      (200, "application/connect+json", Code.internal), (200, "application/proto", .unknown),
      (200, "text/html", .unknown), (503, "text/html", .unavailable),
      (404, "application/connect+proto", .unimplemented),
    ]
  )
  func `says what another response means`(status: Int, type: String, code: Code) async throws {
    let error = try await self.error(Self.end, status: status, ["content-type": type])
    #expect(error?.code == code)
  }

  @Test func `reads the error of a response that is no stream`() async throws {
    let body = Array(#"{"code":"unauthenticated","message":"who?"}"#.utf8)
    let fields: HeaderFields = ["content-type": "application/json", "x-realm": "films"]
    let error = try await self.error(body, status: 401, fields)
    #expect(error?.code == .unauthenticated)
    #expect(error?.message == "who?")
    #expect(error?.metadata["x-realm"] == "films")
  }

  @Test func `refuses compression that nobody named`() async throws {
    let compressed = Envelope(flags: 1, payload: [1]).bytes + Self.end
    #expect(try await self.error(compressed)?.code == .internal)
    let fields: HeaderFields = [
      "content-type": "application/connect+proto", "connect-content-encoding": "br",
    ]
    #expect(try await self.error(Self.end, fields)?.code == .internal)
  }
}

@Suite struct `Metadata of a unary call` {
  @Test func `goes both ways`() async throws {
    let server = TestServer(
      answer: { _, context in
        context.responseFields.append("x-header", "h")
        context.responseTrailers.append("x-trailer", "t")
        for bytes in context.fields.binaryValues(of: "x-data-bin") {
          context.responseTrailers.append("x-data-bin", bytes: bytes)
        }
        return RecommendResponse()
      }
    )
    let client = try RPCClient(baseURL: "http://test", send: server.handler)
    var fields: HeaderFields = [:]
    fields.append("x-data-bin", bytes: [1, 2, 3, 4])
    let reply = try await client.callWithMetadata(
      RecommendationMethods.recommend,
      RecommendRequest(),
      fields: fields
    )
    #expect(reply.fields["x-header"] == "h")
    #expect(reply.fields["trailer-x-trailer"] == nil)
    #expect(reply.trailers["x-trailer"] == "t")
    #expect(reply.trailers["x-data-bin"] == "AQIDBA")
    #expect(reply.trailers.binaryValues(of: "x-data-bin") == [[1, 2, 3, 4]])
  }

  @Test func `comes with an error as well`() async throws {
    let server = TestServer(
      answer: { _, context in
        context.responseFields.append("x-header", "h")
        context.responseTrailers.append("x-trailer", "t")
        throw RPCError(.aborted, "no")
      }
    )
    let client = try RPCClient(baseURL: "http://test", send: server.handler)
    do {
      _ = try await client.call(RecommendationMethods.recommend, RecommendRequest())
      Issue.record("no error")
    } catch {
      #expect(error.metadata["x-header"] == "h")
      #expect(error.metadata["x-trailer"] == "t")
    }
  }
}
