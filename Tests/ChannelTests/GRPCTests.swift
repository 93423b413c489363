import Channel
import HTTPMessage
import HTTPServer
import RPC
import Synchronization
import Testing

/// A gRPC server whose answers are a status in the header, as of calls that fail at once.
private final class StatusServer: Sendable {
  private struct State {
    var status: Int
    var timeouts: [String?] = []
    var paths: [String] = []
  }

  private let state: Mutex<State>

  init(_ status: Int) { self.state = Mutex(State(status: status)) }

  func answer(_ status: Int) { self.state.withLock { $0.status = status } }
  /// The paths that were called, in order.
  var paths: [String] { self.state.withLock { $0.paths } }
  /// What each call said of its time limit.
  var timeouts: [String?] { self.state.withLock { $0.timeouts } }

  func serving<R: Sendable>(_ body: (Int) async throws -> R) async throws -> R {
    let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0) { _, _ in
      HTTPResponse(status: 503)
    }
    let handler: HTTPHandler = { request in
      let status = self.state.withLock { state in
        state.paths.append(request.target)
        state.timeouts.append(request.fields["grpc-timeout"])
        return state.status
      }
      return HTTPResponse(
        status: 200,
        fields: ["content-type": "application/grpc", "grpc-status": "\(status)"]
      )
    }
    return try await withHTTPServer(configuration, handler: handler) { try await body($0.port) }
  }
}

@Suite(.timeLimit(.minutes(2)))
struct `Calls of gRPC` {
  private static let path = "/milvus.proto.milvus.MilvusService/Query"

  private static func request(timeout: String = "5000m") -> HTTPRequest {
    var request = HTTPRequest(method: "POST", target: Self.path)
    request.fields = [
      "content-type": "application/grpc", "te": "trailers", "grpc-timeout": timeout,
    ]
    return request
  }

  private static func withChannel<R: Sendable>(
    to ports: [Int],
    _ body: (ServiceChannel) async throws -> R
  ) async throws -> R {
    var config = ServiceConfig()
    config.balancing = .pickFirst
    let channel = ServiceChannel(
      name: "milvus",
      targets: ports.map { ChannelTarget(host: "127.0.0.1", port: $0) },
      config: config,
      idempotency: { _ in .idempotent },
      healthProtocol: .grpc,
      transport: http2
    )
    let result: Result<R, any Error>
    do { result = .success(try await body(channel)) } catch { result = .failure(error) }
    await channel.close()
    return try result.get()
  }

  @Test func `that find one server unavailable go to another, with the time that is left`()
    async throws
  {
    let (down, up) = (StatusServer(14), StatusServer(0))
    try await down.serving { first in
      try await up.serving { second in
        try await Self.withChannel(to: [first, second]) { channel in
          let response = try await channel.send(Self.request())
          #expect(response.fields["grpc-status"] == "0")
          #expect(down.paths == [Self.path] && up.paths == [Self.path])
          let left = try #require(up.timeouts[0]?.dropLast())
          #expect(try #require(Int(left)) < 5000)
        }
      }
    }
  }

  @Test(arguments: [3, 5, 13, 16])
  func `that fail otherwise are not made again`(status: Int) async throws {
    let server = StatusServer(status)
    try await server.serving { port in
      try await Self.withChannel(to: [port]) { channel in
        let response = try await channel.send(Self.request())
        #expect(response.fields["grpc-status"] == "\(status)")
        #expect(server.paths.count == 1)
      }
    }
  }

  @Test func `leave out a server that fails five times in a row`() async throws {
    let (broken, up) = (StatusServer(13), StatusServer(0))
    try await broken.serving { first in
      try await up.serving { second in
        try await Self.withChannel(to: [first, second]) { channel in
          for _ in 0..<20 { _ = try await channel.send(Self.request()) }
          #expect(broken.paths.count == 5 && up.paths.count == 15)
          #expect(channel.snapshot().endpoints.map(\.state) == ["ejected", "ready"])
        }
      }
    }
  }
}
