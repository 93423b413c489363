import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `A client` {
  private static let method = RecommendationMethods.recommend

  private static func client(
    codec: Codec = .proto,
    maxResponseBytes: Int = 1000,
    timeout: Duration = .seconds(15),
    _ send: @escaping HTTPHandler
  ) throws -> RPCClient {
    try RPCClient(
      baseURL: "http://test",
      send: send,
      codec: codec,
      maxResponseBytes: maxResponseBytes,
      defaultTimeout: timeout
    )
  }

  private static func error(
    of response: HTTPResponse,
    codec: Codec = .proto
  ) async throws -> RPCError? {
    let client = try Self.client(codec: codec) { _ in response }
    return await #expect(throws: RPCError.self) {
      try await client.call(Self.method, RecommendRequest())
    }
  }

  @Test(arguments: Codec.allCases)
  func `speaks with our server in both codecs`(codec: Codec) async throws {
    let server = TestServer()
    let client = try Self.client(codec: codec, server.handler)
    let response = try await client.call(Self.method, .with { $0.mood = "calm" })
    #expect(response.candidates == 4)
    #expect(server.records.all.map(\.codec) == [codec])
  }

  @Test func `sends what the protocol asks for`() async throws {
    let sent = Box<HTTPRequest?>(nil)
    let client = try RPCClient(
      baseURL: "https://host:1/api/",
      send: { request in
        sent.value = request
        return HTTPResponse(status: 200, fields: ["content-type": "application/proto"])
      }
    )
    _ = try await client.call(
      Self.method,
      .with { $0.mood = "a" },
      timeout: .seconds(3),
      fields: ["x-priority": "critical"]
    )
    let request = try #require(sent.value)
    #expect(request.method == "POST")
    #expect(request.scheme == "https")
    #expect(request.authority == "host:1")
    #expect(request.target == "/api" + Self.method.path)
    #expect(request.body == [0x0A, 0x01, 0x61])
    #expect(request.fields["content-type"] == "application/proto")
    #expect(request.fields["connect-protocol-version"] == "1")
    #expect(request.fields["accept-encoding"] == "gzip")
    #expect(request.fields["content-encoding"] == nil)
    #expect(request.fields["x-priority"] == "critical")
    #expect(request.fields["x-request-id"]?.isEmpty == false)
    let timeout = try #require(request.fields["connect-timeout-ms"].flatMap { Int($0) })
    #expect((1...3000).contains(timeout))
  }

  @Test(
    arguments: [
      "", "host", "ftp://host", "http://", "http:///path", "http://host/?a", "http://host/#a",
      "http://user@host", "http://ho st", "http://hö",
    ]
  )
  func `has no URL that it can't send to`(url: String) {
    #expect(throws: RPCClient.InvalidURL.self) {
      _ = try RPCClient(baseURL: url, send: { _ in HTTPResponse(status: 200) })
    }
  }

  @Test func `compresses a long request, and reads a compressed response`() async throws {
    let encodings = Box<[String?]>([])
    let server = TestServer()
    let client = try Self.client(maxResponseBytes: 100_000) { request in
      let response = try await server.send(request)
      encodings.value += [
        request.fields["content-encoding"], response.fields["content-encoding"],
      ]
      return response
    }
    for (count, isLong) in [(8000, false), (9000, true)] {
      let mood = String(repeating: "x", count: count)
      let response = try await client.call(Self.method, .with { $0.mood = mood })
      #expect(response.language == mood)
      #expect(encodings.value == [isLong ? "gzip" : nil, "gzip"])
      encodings.value = []
    }
  }

  @Test func `infers a code from every status`() async throws {
    for status in 100...599 where status != 200 {
      let error = try await Self.error(
        of: HTTPResponse(
          status: status,
          fields: ["content-type": "text/html"],
          body: Array("<h1>proxy</h1>".utf8)
        )
      )
      #expect(error?.code == Code(inferredFromStatus: status))
      #expect(error?.message == "the server answered with status \(status)")
    }
  }

  @Test func `gives its caller an error as it is told to translate it`() async throws {
    var client = try Self.client { _ in HTTPResponse(status: 401) }
    client.translate = { RPCError(.internal, "was \($0.code.name)") }
    let translating = client
    let error = await #expect(throws: RPCError.self) {
      try await translating.call(Self.method, RecommendRequest())
    }
    #expect(error?.code == .internal)
    #expect(error?.message == "was unauthenticated")
  }

  @Test(
    arguments: [
      (#"{"code":"aborted","message":"no"}"#, Code.aborted, "no"),
      (#"{"code":"aborted"}"#, .aborted, nil),
      (#"{"message":"no"}"#, .unavailable, "no"), (#"{"code":null}"#, .unavailable, nil),
      (#"{"code":5,"message":5}"#, .unavailable, nil), (#"{"code":"ABORTED"}"#, .unavailable, nil),
      ("[]", .unavailable, nil), ("", .unavailable, nil), ("{", .unavailable, nil),
      (#"{"code":"aborted"} x"#, .unavailable, nil),
      (#"{"error":{"code":"aborted"},"code":"not_found"}"#, .notFound, nil),
    ] as [(String, Code, String?)]
  )
  func `believes the body before the status`(
    body: String,
    code: Code,
    message: String?
  ) async throws {
    for type in ["application/json", "application/json; charset=utf-8"] {
      let error = try await Self.error(
        of: HTTPResponse(status: 503, fields: ["content-type": type], body: Array(body.utf8))
      )
      #expect(error?.code == code)
      #expect(error?.message == message ?? "the server answered with status 503")
    }
    let plain = HTTPResponse(
      status: 503,
      fields: ["content-type": "text/plain"],
      body: Array(body.utf8)
    )
    #expect(try await Self.error(of: plain)?.code == .unavailable)
  }

  @Test func `keeps details, padded or not, and passes over what is none`() async throws {
    let body = #"""
      {"code":"aborted","details":[
        {"type":"google.rpc.ErrorInfo","value":"CgFB","debug":{"reason" : "A"}},
        {"type":"a.B","value":"AQ=="},
        {"type":"a.C","value":"AQ"},
        {"type":"a.D"}, {"value":"AQ"}, {"type":"a.E","value":"?"}, 5, null
      ]}
      """#
    let error = try await Self.error(
      of: HTTPResponse(
        status: 409,
        fields: ["content-type": "application/json"],
        body: Array(body.utf8)
      )
    )
    #expect(
      error?.details == [
        ErrorDetail(
          type: "google.rpc.ErrorInfo",
          value: [0x0A, 1, 0x41],
          debug: #"{"reason" : "A"}"#
        ),
        ErrorDetail(type: "a.B", value: [1], debug: nil),
        ErrorDetail(type: "a.C", value: [1], debug: nil),
      ]
    )
    #expect(error?.reason == "A")
  }

  @Test(
    arguments: [
      (Codec.proto, "application/json", Code.internal), (.json, "application/proto", .internal),
      (.proto, "application/grpc", .internal), (.proto, "text/html", .unknown),
      (.proto, "", .unknown), (.json, "text/json", .unknown),
    ]
  )
  func `takes no message of another type`(
    codec: Codec,
    type: String,
    code: Code
  ) async throws {
    let response = HTTPResponse(status: 200, fields: ["content-type": type])
    #expect(try await Self.error(of: response, codec: codec)?.code == code)
  }

  @Test func `takes no message that it can't read`() async throws {
    var response = HTTPResponse(
      status: 200,
      fields: ["content-type": "application/proto"],
      body: [0xFF]
    )
    #expect(try await Self.error(of: response)?.code == .internal)
    response = HTTPResponse(status: 200, fields: ["content-type": "application/json"])
    #expect(try await Self.error(of: response, codec: .json)?.code == .internal)
    for status in [200, 500] {
      response = HTTPResponse(
        status: status,
        fields: ["content-type": "application/proto", "content-encoding": "br"]
      )
      #expect(try await Self.error(of: response)?.code == .internal)
      response.fields["content-encoding"] = "gzip"
      response.body = [1, 2, 3]
      #expect(try await Self.error(of: response)?.code == .internal)
    }
  }

  @Test func `takes no message larger than it said`() async throws {
    var response = HTTPResponse(
      status: 200,
      fields: ["content-type": "application/proto"],
      body: [UInt8](repeating: 0, count: 1001)
    )
    #expect(try await Self.error(of: response)?.code == .resourceExhausted)
    response.body = try #require(Gzip.compress(response.body))
    response.fields["content-encoding"] = "gzip"
    #expect(try await Self.error(of: response)?.code == .resourceExhausted)
  }

  @Test func `passes over trailers and fields that it doesn't know`() async throws {
    let client = try Self.client(codec: .json) { _ in
      HTTPResponse(
        status: 200,
        fields: ["trailer-x": "1", "content-type": "application/json; charset=utf-8"],
        body: Array(#"{"candidates":1,"new":{}}"#.utf8)
      )
    }
    #expect(try await client.call(Self.method, RecommendRequest()).candidates == 1)
  }

  @Test func `keeps its time limit though the transport does not`() async throws {
    let (release, releaser) = AsyncStream.makeStream(of: Void.self)
    let client = try Self.client(timeout: .milliseconds(30)) { _ in
      await Task { for await _ in release {} }.value
      return HTTPResponse(status: 200)
    }
    let error = await #expect(throws: RPCError.self) {
      try await client.call(Self.method, RecommendRequest())
    }
    #expect(error?.code == .deadlineExceeded)
    releaser.finish()
  }

  @Test func `sends nothing when no time is left`() async throws {
    let calls = Box(0)
    let client = try Self.client { _ in
      calls.value += 1
      return HTTPResponse(status: 200)
    }
    let spent = CallScope(deadline: .now + .milliseconds(4))
    let error = await CallScope.$current.withValue(spent) {
      await #expect(throws: RPCError.self) {
        try await client.call(Self.method, RecommendRequest())
      }
    }
    #expect(error?.code == .deadlineExceeded)
    #expect(calls.value == 0)
  }

  @Test func `says canceled when its task was cancelled`() async throws {
    let client = try Self.client { _ in
      try await Task.sleep(for: .seconds(60))
      return HTTPResponse(status: 200)
    }
    let call = Task { try await client.call(Self.method, RecommendRequest()) }
    call.cancel()
    let error = await #expect(throws: RPCError.self) { try await call.value }
    #expect(error?.code == .canceled)
  }
}
