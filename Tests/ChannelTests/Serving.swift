import Channel
import Contracts
import HTTPClient
import HTTPMessage
import HTTPServer
import RPC
import SwiftProtobuf
import Synchronization

typealias SpaceRequest = Netflixgpt_Embedding_V1_GetEmbeddingSpaceRequest
typealias SpaceResponse = Netflixgpt_Embedding_V1_GetEmbeddingSpaceResponse

/// The methods that tests call: the same one thrice, but for what calling it twice does.
enum TestMethods {
  static let harmless = Method<SpaceRequest, SpaceResponse>("t.v1.T", "Harmless", .noSideEffects)
  static let idempotent = Method<SpaceRequest, SpaceResponse>("t.v1.T", "Idempotent", .idempotent)
  static let unknown = Method<SpaceRequest, SpaceResponse>("t.v1.T", "Unknown", .unknown)

  static func idempotency(_ path: String) -> Idempotency? {
    [Self.harmless, Self.idempotent, Self.unknown].first { $0.path == path }?.idempotency
  }
}

/// What a server of a test does with its calls, and what it saw of them.
final class Replica: Sendable {
  typealias Answer = @Sendable (Int, ServerContext) async throws -> Void

  private struct State {
    var answer: Answer
    var fields: [HeaderFields] = []
    var times: [ContinuousClock.Instant] = []
  }

  private let state: Mutex<State>
  let health = Health()

  /// `answer` gets the number of the call, 1 for the first; where it returns, the call succeeds.
  init(_ answer: @escaping Answer = { _, _ in }) {
    self.state = Mutex(State(answer: answer))
    self.health.start()
  }

  func behave(_ answer: @escaping Answer) { self.state.withLock { $0.answer = answer } }

  var calls: Int { self.state.withLock { $0.times.count } }
  var times: [ContinuousClock.Instant] { self.state.withLock { $0.times } }
  /// Of the requests, in the order that they came.
  var fields: [HeaderFields] { self.state.withLock { $0.fields } }

  var server: RPCServer {
    var server = RPCServer(schema: Schema.fileDescriptorSet, health: self.health)
    for method in [TestMethods.harmless, TestMethods.idempotent, TestMethods.unknown] {
      server.register(method) { _, context in
        let (answer, number) = self.state.withLock { state in
          state.fields.append(context.fields)
          state.times.append(.now)
          return (state.answer, state.times.count)
        }
        try await answer(number, context)
        return SpaceResponse()
      }
    }
    return server
  }

  /// Serves while `body` runs.
  func serving<R: Sendable>(port: Int = 0, _ body: (Int) async throws -> R) async throws -> R {
    let server = self.server
    var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: port) { reason, fields in
      server.response(to: reason, fields)
    }
    configuration.limits.drainNotice = .milliseconds(20)
    return try await withHTTPServer(configuration, handler: { await server.handle($0) }) {
      try await body($0.port)
    }
  }
}

/// Serves all of `replicas` while `body` runs, which gets their ports.
func serving<R: Sendable>(
  _ replicas: [Replica],
  _ body: ([Int]) async throws -> R
) async throws -> R {
  guard let last = replicas.last else { return try await body([]) }
  return try await last.serving { port in
    try await serving(replicas.dropLast()) { try await body($0 + [port]) }
  }
}

func http2(_ address: EndpointAddress) -> EndpointTransport {
  let client = HTTP2Client(host: address.host, port: address.port)
  return EndpointTransport(handler: client.handler, close: client.close)
}

/// Gives `body` a channel to ports of 127.0.0.1 and a client on it.
func withChannel<R: Sendable>(
  named name: String = "test",
  to ports: [Int],
  _ config: ServiceConfig = ServiceConfig(),
  transport: @escaping @Sendable (EndpointAddress) -> EndpointTransport = http2,
  _ body: (RPCClient, ServiceChannel) async throws -> R
) async throws -> R {
  let channel = ServiceChannel(
    name: name,
    targets: ports.map { ChannelTarget(host: "127.0.0.1", port: $0) },
    config: config,
    idempotency: TestMethods.idempotency,
    transport: transport
  )
  let result: Result<R, any Error>
  do {
    let client = try RPCClient(baseURL: "http://test", send: channel.handler)
    result = .success(try await body(client, channel))
  } catch {
    result = .failure(error)
  }
  await channel.close()
  return try result.get()
}

/// A port on which nobody listens, as far as that can be known.
func freePort() async throws -> Int { try await Replica().serving { $0 } }

extension RPCClient {
  /// The error of a call, or `nil`.
  func failure(
    _ method: Method<SpaceRequest, SpaceResponse> = TestMethods.harmless,
    timeout: Duration? = nil,
    fields: HeaderFields = [:]
  ) async -> RPCError? {
    do throws(RPCError) {
      _ = try await self.call(method, .init(), timeout: timeout, fields: fields)
      return nil
    } catch {
      return error
    }
  }
}

/// Whether a condition comes true within half a minute.
func eventually(_ condition: () async -> Bool) async -> Bool {
  let deadline = ContinuousClock.now + .seconds(30)
  while await !condition() {
    guard ContinuousClock.now < deadline else { return false }
    try? await Task.sleep(for: .milliseconds(5))
  }
  return true
}
