import Contracts
import CurlClient
import HTTPClient
import HTTPMessage
import HTTPServer
import RPC
import SwiftProtobuf
import Synchronization

/// What a caller asks the first of three servers for.
enum CallShape: CaseIterable {
  case unary
  case stream
}

/// How the caller reaches the first of three servers; behind it all is HTTP/2.
enum FirstHop: CaseIterable {
  case http2
  case http1
  /// Over HTTP/1.1, with a client that leaves it to the server to know when the time is up.
  case patientHTTP1

  /// Runs `body` with a client of the server at `address`, which has `budget` for each call.
  func calling<R: Sendable>(
    _ address: HTTPServerAddress,
    budget: Duration = .seconds(60),
    _ body: (Caller) async throws -> R
  ) async throws -> R {
    let url = "http://\(address.host):\(address.port)"
    guard self != .http2 else {
      return try await overHTTP2(address) {
        try await body(Caller(client: RPCClient(baseURL: url, send: $0), budget: budget))
      }
    }
    let curl = CurlClient()
    defer { curl.close() }
    guard self == .patientHTTP1 else {
      let client = try RPCClient(baseURL: url, send: curl.handler)
      return try await body(Caller(client: client, budget: budget))
    }
    let client = try RPCClient(baseURL: url) { request in
      var request = request
      request.fields["connect-timeout-ms"] = String(Int(budget / .milliseconds(1)))
      return try await curl.send(request)
    }
    return try await body(Caller(client: client, budget: .seconds(60)))
  }
}

/// Who asks the first of three servers.
struct Caller: Sendable {
  fileprivate var client: RPCClient
  fileprivate var budget: Duration

  /// Asks, and gives the code of the error.
  func ask(_ shape: CallShape) async -> Code? {
    let request = RecommendRequest()
    do throws(RPCError) {
      switch shape {
      case .unary:
        _ = try await self.client.call(
          RecommendationMethods.recommend,
          request,
          timeout: self.budget
        )
      case .stream:
        let stream = try await self.client.stream(
          TestServer.count,
          request,
          timeout: self.budget
        )
        var messages = stream.makeAsyncIterator()
        while try await messages.next() != nil {}
      }
      return nil
    } catch {
      return error.code
    }
  }
}

/// Runs `body` with what sends requests to a server over one HTTP/2 connection.
private func overHTTP2<R: Sendable>(
  _ address: HTTPServerAddress,
  _ body: (@escaping HTTPHandler) async throws -> R
) async throws -> R {
  let transport = HTTP2Client(host: address.host, port: address.port)
  let result: Result<R, any Error>
  do { result = .success(try await body(transport.handler)) } catch { result = .failure(error) }
  await transport.close()
  return try result.get()
}

/// Three servers on loopback: each asks the next one and, whatever comes of that, goes on for 5 s.
final class ThreeServers: Sendable {
  private struct State {
    var lastHasBegun = false
    /// When each handler was cancelled, the first server's first.
    var cancellations: [ContinuousClock.Instant?] = [nil, nil, nil]
  }

  private let state = Mutex(State())

  /// Whether the last of the three is at work.
  var lastHasBegun: Bool { self.state.withLock { $0.lastHasBegun } }

  /// When the handlers were cancelled, or `nil` before all three were.
  var cancellations: [ContinuousClock.Instant]? {
    let times = self.state.withLock { $0.cancellations.compactMap(\.self) }
    return times.count == 3 ? times : nil
  }

  /// Forgets the call before.
  func reset() { self.state.withLock { $0 = State() } }

  /// Runs `body` with the address of the first server.
  func run<R: Sendable>(_ body: (HTTPServerAddress) async throws -> R) async throws -> R {
    try await self.serve(2, asking: nil) { last in
      try await self.chained(1, to: last) { middle in
        try await self.chained(0, to: middle) { first in try await body(first) }
      }
    }
  }

  private func chained<R: Sendable>(
    _ index: Int,
    to next: HTTPServerAddress,
    _ body: (HTTPServerAddress) async throws -> R
  ) async throws -> R {
    try await overHTTP2(next) { send in
      let client = try RPCClient(
        baseURL: "http://\(next.host):\(next.port)",
        send: send,
        defaultTimeout: .seconds(60)
      )
      return try await self.serve(index, asking: client) { address in try await body(address) }
    }
  }

  private func serve<R: Sendable>(
    _ index: Int,
    asking next: RPCClient?,
    _ body: (HTTPServerAddress) async throws -> R
  ) async throws -> R {
    let server = TestServer(
      answer: { request, _ in
        try await self.atWork(index) {
          _ = try? await next?.call(RecommendationMethods.recommend, request)
          try await Task.sleep(for: .seconds(5))
          return RecommendResponse()
        }
      },
      extend: {
        $0.register(TestServer.count) { request, _, writer in
          try await self.atWork(index) {
            try? await Self.passOn(request, to: next, writer)
            try await Task.sleep(for: .seconds(5))
          }
        }
      }
    )
    let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0) { _, _ in
      HTTPResponse(status: 400)
    }
    return try await withHTTPServer(configuration, handler: server.handler) { address in
      try await body(address)
    }
  }

  /// Sends what the next server sends, or one message where there is none.
  private static func passOn(
    _ request: RecommendRequest,
    to next: RPCClient?,
    _ writer: CountWriter
  ) async throws {
    guard let next else { return try await writer.send(number(1)) }
    for try await message in try await next.stream(TestServer.count, request) {
      try await writer.send(message)
    }
  }

  /// Notes when a handler begins and when it is cancelled.
  private func atWork<R: Sendable>(
    _ index: Int,
    _ body: @Sendable () async throws -> R
  ) async throws -> R {
    if index == 2 { self.state.withLock { $0.lastHasBegun = true } }
    return try await withTaskCancellationHandler {
      try await body()
    } onCancel: {
      self.state.withLock { $0.cancellations[index] = .now }
    }
  }
}
