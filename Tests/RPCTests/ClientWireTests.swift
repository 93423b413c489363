import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `A client that may choose how it calls` {
  private static let recommend = RecommendationMethods.recommend

  /// What a client sent to our server, and the answers to it.
  private struct Exchange: Sendable {
    var requests: [HTTPRequest] = []
    var responses: [HTTPResponse] = []
  }

  private static func calling(
    _ wire: ClientWire,
    codec: Codec = .proto,
    _ body: (RPCClient) async throws -> Void
  ) async throws -> Exchange {
    let server = TestServer()
    let exchange = Box(Exchange())
    let client = try RPCClient(
      baseURL: "http://test/api",
      send: { request in
        exchange.value.requests.append(request)
        var request = request
        request.target = String(request.target.dropFirst("/api".count))
        let response = try await server.send(request)
        exchange.value.responses.append(response)
        return response
      },
      codec: codec,
      wire: wire
    )
    try await body(client)
    return exchange.value
  }

  private static func wire(_ change: (inout ClientWire) -> Void) -> ClientWire {
    var wire = ClientWire()
    change(&wire)
    return wire
  }

  @Test(arguments: Codec.allCases, [nil, 0])
  func `gets what has no side effects`(codec: Codec, compressAboveBytes: Int?) async throws {
    let wire = Self.wire {
      $0.maxGetBytes = 2000
      $0.compressAboveBytes = compressAboveBytes
    }
    let mood = #"Grüße & "50 %" + ?>/~"#
    let exchange = try await Self.calling(wire, codec: codec) { client in
      let reply = try await client.call(
        Self.recommend,
        .with { $0.mood = mood },
        timeout: .seconds(3),
        fields: ["x-priority": "critical"]
      )
      #expect(reply.language == mood)
    }
    let request = try #require(exchange.requests.first)
    #expect(exchange.requests.count == 1)
    #expect(request.method == "GET")
    #expect(request.body.isEmpty)
    #expect(request.path == "/api" + Self.recommend.path)
    let query = try #require(request.query)
    #expect(query.hasPrefix("connect=v1&encoding=\(codec.rawValue)&"))
    #expect(query.contains("compression=gzip") == (compressAboveBytes == 0))
    #expect(query.contains("base64=1") == (codec == .proto || compressAboveBytes == 0))
    #expect(query.utf8.allSatisfy { !" +/\"?#".utf8.contains($0) })
    for name in ["content-type", "content-encoding", "connect-protocol-version"] {
      #expect(request.fields[name] == nil)
    }
    #expect(request.fields["connect-timeout-ms"] != nil)
    #expect(request.fields["x-priority"] == "critical")
  }

  @Test func `posts what may change something`() async throws {
    let wire = Self.wire { $0.maxGetBytes = .max }
    let exchange = try await Self.calling(wire) { client in
      _ = try await client.call(TestServer.echo, .with { $0.mood = "calm" })
    }
    #expect(exchange.requests.map(\.method) == ["POST"])
  }

  @Test func `posts a byte more than a target may have, and gets as many`() async throws {
    let message = RecommendRequest.with { $0.mood = "calm" }
    let probe = Self.wire { $0.maxGetBytes = .max }
    let length = try await Self.calling(probe) { client in
      _ = try await client.call(Self.recommend, message)
    }.requests.first?.target.utf8.count
    let most = try #require(length)
    for (limit, method) in [(most, "GET"), (most - 1, "POST")] {
      let exchange = try await Self.calling(Self.wire { $0.maxGetBytes = limit }) { client in
        _ = try await client.call(Self.recommend, message)
      }
      #expect(exchange.requests.map(\.method) == [method])
    }
  }

  @Test func `gets an error as it posts one`() async throws {
    let error = await #expect(throws: RPCError.self) {
      _ = try await Self.calling(Self.wire { $0.maxGetBytes = .max }) { client in
        _ = try await client.call(Self.recommend, .init(), timeout: .zero)
      }
    }
    #expect(error?.code == .deadlineExceeded)
  }

  @Test(arguments: [(nil, 9000, false), (100, 200, true), (100, 20, false)] as [(Int?, Int, Bool)])
  func `compresses above the size that it is told`(
    limit: Int?,
    size: Int,
    isCompressed: Bool
  ) async throws {
    let wire = Self.wire { $0.compressAboveBytes = limit }
    let mood = String(repeating: "x", count: size)
    let exchange = try await Self.calling(wire) { client in
      _ = try await client.call(Self.recommend, .with { $0.mood = mood })
    }
    let request = try #require(exchange.requests.first)
    #expect(request.fields["content-encoding"] == (isCompressed ? "gzip" : nil))
  }

  @Test(arguments: [true, false])
  func `is answered in gzip only where it takes it`(acceptsGzip: Bool) async throws {
    let wire = Self.wire { $0.acceptsGzip = acceptsGzip }
    let mood = String(repeating: "x", count: 10_000)
    let exchange = try await Self.calling(wire) { client in
      let reply = try await client.call(Self.recommend, .with { $0.mood = mood })
      #expect(reply.language == mood)
    }
    let encoding = exchange.responses.first?.fields["content-encoding"]
    #expect(encoding == (acceptsGzip ? "gzip" : nil))
  }
}
