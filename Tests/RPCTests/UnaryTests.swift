import Contracts
import HTTPClient
import HTTPMessage
import HTTPServer
import RPC
import SwiftProtobuf
import Testing

@Suite struct `Unary calls` {
  let server = TestServer()
  let path = RecommendationMethods.recommend.path

  @Test func `JSON is answered with JSON`() async throws {
    let response = try await self.server.post()
    #expect(response.status == 200)
    #expect(response.fields["content-type"] == "application/json")
    #expect(response.text == #"{"language":"calm","candidates":4}"#)
  }

  @Test func `protobuf is answered with protobuf`() async throws {
    let request = RecommendRequest.with { $0.mood = "calm" }
    let response = try await self.server.post(
      bytes: request.serializedBytes(),
      ["content-type": "application/proto"]
    )
    #expect(response.status == 200)
    #expect(response.fields["content-type"] == "application/proto")
    #expect(try RecommendResponse(serializedBytes: response.body).candidates == 4)
  }

  @Test func `a scalar that is set appears though it is zero`() async throws {
    let server = TestServer { _, _ in
      .with {
        $0.candidates = 0
        $0.exact = false
        $0.language = ""
      }
    }
    #expect(try await server.post().text == #"{"language":"","candidates":0,"exact":false}"#)
  }

  @Test(
    arguments: [
      "application/json; charset=utf-8", "application/json;charset=utf-8", "Application/JSON",
      "application/json ; charset=utf-8",
    ]
  )
  func `parameters and case of the content type don't matter`(type: String) async throws {
    #expect(try await self.server.post(self.path, "{}", ["content-type": type]).status == 200)
  }

  @Test(
    arguments: ["text/plain", "application/connect+json", "application/grpc", "json", "", ";"]
  )
  func `another content type is 415 and says which are accepted`(type: String) async throws {
    let response = try await self.server.post(self.path, "{}", ["content-type": type])
    #expect(response.status == 415)
    #expect(response.fields["accept-post"] == "application/json, application/proto")
    #expect(await response.error?.code == .unknown)
  }

  @Test func `a missing content type is 415`() async throws {
    let request = HTTPRequest(method: "POST", target: self.path, body: Array("{}".utf8))
    #expect(try await self.server.send(request).status == 415)
  }

  @Test(
    arguments: [
      "/netflixgpt.recommendation.v1.RecommendationService/recommend",
      "/netflixgpt.recommendation.v1.RecommendationService/", "/", "", "*",
      "/prefix/netflixgpt.recommendation.v1.RecommendationService/Recommend",
      "/netflixgpt.recommendation.v1.RecommendationService/Recommend/",
    ]
  )
  func `an unknown path is 404 and unimplemented`(path: String) async throws {
    let response = try await self.server.post(path)
    #expect(response.status == 404)
    let error = await response.error
    #expect(error?.code == .unimplemented)
    #expect(error?.reason == "UNKNOWN_PATH")
  }

  @Test(arguments: ["PUT", "DELETE", "HEAD", "OPTIONS", "post"])
  func `another HTTP method is 405 and says which are allowed`(method: String) async throws {
    let request = HTTPRequest(method: method, target: self.path)
    let response = try await self.server.send(request)
    #expect(response.status == 405)
    #expect(response.fields["allow"] == "GET, POST")
    #expect(await response.error?.code == .unknown)
  }

  @Test func `GET is not allowed where a call may have side effects`() async throws {
    let response = try await self.server.get(
      TestServer.echo.path + "?encoding=json&message=%7B%7D"
    )
    #expect(response.status == 405)
    #expect(response.fields["allow"] == "POST")
  }

  @Test func `version 1 of the protocol is spoken`() async throws {
    let response = try await self.server.post(
      self.path,
      "{}",
      ["connect-protocol-version": "1"]
    )
    #expect(response.status == 200)
  }

  @Test(arguments: ["0", "2", "v1", ""])
  func `another version is an invalid argument`(version: String) async throws {
    let response = try await self.server.post(
      self.path,
      "{}",
      ["connect-protocol-version": version]
    )
    #expect(response.status == 400)
    #expect(await response.error?.code == .invalidArgument)
  }

  @Test func `an empty body is an empty message only in protobuf`() async throws {
    let json = try await self.server.post(self.path, "")
    #expect(json.status == 400)
    #expect(await json.error?.reason == "EMPTY_BODY")
    let proto = try await self.server.post(
      bytes: [],
      ["content-type": "application/proto", "content-encoding": "gzip"]
    )
    #expect(proto.status == 200)
  }

  @Test func `bytes that are no message are an invalid argument`() async throws {
    let response = try await self.server.post(
      bytes: [0x0A, 0xFF],
      ["content-type": "application/proto"]
    )
    #expect(response.status == 400)
    #expect(await response.error?.reason == "INVALID_PROTO")
  }

  @Test(arguments: ["a", "A-b_c.9", String(repeating: "x", count: 128)])
  func `a valid request ID is given back`(id: String) async throws {
    let server = TestServer { _, context in .with { $0.language = context.requestID } }
    let response = try await server.post(self.path, "{}", ["x-request-id": id])
    #expect(response.fields["x-request-id"] == id)
    #expect(response.text == #"{"language":"\#(id)"}"#)
  }

  @Test(arguments: ["", "a b", "ü", "a/b", String(repeating: "x", count: 129)])
  func `an invalid request ID is replaced`(id: String) async throws {
    let response = try await self.server.post(self.path, "{}", ["x-request-id": id])
    let given = try #require(response.fields["x-request-id"])
    #expect(given != id)
    #expect(given.utf8.count == 16)
  }

  @Test func `every response has a request ID, and no two the same`() async throws {
    var responses = [
      try await self.server.post("/nowhere"), try await self.server.get("/livez"),
      try await self.server.post(self.path, "{"), try await self.server.post(),
    ]
    let server = RPCServer(schema: [], health: Health())
    responses += HTTPRejection.allCases.map { server.response(to: $0, ["x-request-id": "a b"]) }
    let ids = responses.compactMap { $0.fields["x-request-id"] }
    #expect(ids.count == responses.count)
    #expect(Set(ids).count == ids.count)
  }

  @Test func `a handler's fields stand on messages and on errors`() async throws {
    for mood in ["calm", ""] {
      let server = TestServer { request, context in
        context.responseFields.append("server-timing", "embed;dur=9")
        guard !request.mood.isEmpty else { throw RPCError(.notFound, "no mood") }
        return RecommendResponse()
      }
      let response = try await server.post(self.path, #"{"mood":"\#(mood)"}"#)
      #expect(response.fields["server-timing"] == "embed;dur=9")
    }
  }

  @Test func `pages are served to GET and HEAD only`() async throws {
    let server = TestServer(extend: { server in
      server.route("/") { request in
        HTTPResponse(status: 200, body: Array("page\(request.query ?? "")".utf8))
      }
      server.route("/broken") { _ in throw Broken() }
    })
    #expect(try await server.get("/?q").text == "pageq")
    #expect(try await server.send(HTTPRequest(method: "HEAD", target: "/")).status == 200)
    let post = try await server.post("/", "")
    #expect(post.status == 405)
    #expect(post.fields["allow"] == "GET, HEAD")
    let broken = try await server.get("/broken")
    #expect(broken.status == 500)
    #expect(!broken.text.contains("secret"))
    #expect(server.records.all.last?.failure == "Broken")
  }

  @Test func `HEAD of a page tells over the wire how long it is`() async throws {
    let server = TestServer(extend: { server in
      server.route("/") { _ in HTTPResponse(status: 200, body: Array("page".utf8)) }
    })
    let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0) { _, _ in
      HTTPResponse(status: 400)
    }
    try await withHTTPServer(configuration, handler: server.handler) { address in
      let client = HTTP2Client(host: address.host, port: address.port)
      let head = try await client.send(HTTPRequest(method: "HEAD", target: "/"))
      #expect(head.status == 200)
      #expect(head.fields["content-length"] == "4")
      #expect(head.body.isEmpty)
      await client.close()
    }
    #expect(server.records.all.map(\.responseBytes) == [0])
  }

  @Test func `the schema is served as it is`() async throws {
    let response = try await self.server.get("/schema.binpb")
    #expect(response.status == 200)
    #expect(response.fields["content-type"] == "application/x-protobuf")
    #expect(response.body == Schema.fileDescriptorSet)
    #expect(try Google_Protobuf_FileDescriptorSet(serializedBytes: response.body).file.count > 5)
  }

  @Test func `a record tells of a call what is not its content`() async throws {
    _ = try await self.server.post(self.path, #"{"mood":"sad"}"#, ["x-request-id": "r1"])
    _ = try await self.server.post("/sad")
    let records = self.server.records.all
    #expect(records.map(\.method) == [self.path, "_OTHER"])
    #expect(records.map(\.status) == [200, 404])
    #expect(records.map(\.code) == [nil, .unimplemented])
    #expect(records.map(\.codec) == [.json, nil])
    #expect(records.map(\.requestBytes) == [14, 15])
    #expect(records[0].responseBytes == #"{"language":"sad","candidates":3}"#.utf8.count)
    #expect(records[0].requestID == "r1")
    #expect(records.allSatisfy { $0.duration > .zero && !"\($0)".contains("sad\"") })
  }
}

private struct Broken: Error, CustomStringConvertible {
  let description = "a secret"
}
