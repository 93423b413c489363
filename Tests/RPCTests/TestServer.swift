import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Synchronization

typealias RecommendRequest = Netflixgpt_Recommendation_V1_RecommendRequest
typealias RecommendResponse = Netflixgpt_Recommendation_V1_RecommendResponse

/// A server of methods that are easy to tell apart, and what it saw.
final class TestServer: Sendable {
  /// Gives its request back; may have side effects, so GET is not for it.
  static let echo = Method<RecommendRequest, RecommendRequest>("test.v1.Test", "Echo", .unknown)
  static let echoMap = Method<Google_Rpc_ErrorInfo, Google_Rpc_ErrorInfo>(
    "test.v1.Test",
    "EchoMap",
    .noSideEffects
  )

  let records = Records()
  let handler: HTTPHandler

  /// A server of `recommend`, which answers by `answer`, of `Echo` and of `EchoMap`.
  init(
    limits: RPCLimits = RPCLimits(),
    health: Health = Health(),
    answer:
      @escaping @Sendable (RecommendRequest, ServerContext) async throws -> RecommendResponse =
      { request, _ in
        .with {
          $0.candidates = Int32(request.mood.utf8.count)
          $0.language = request.mood
        }
      },
    extend: (inout RPCServer) -> Void = { _ in }
  ) {
    let records = self.records
    var server = RPCServer(schema: Schema.fileDescriptorSet, limits: limits, health: health) {
      records.append($0)
    }
    server.register(RecommendationMethods.recommend, handler: answer)
    server.register(Self.echo) { request, _ in request }
    server.register(Self.echoMap) { request, _ in request }
    extend(&server)
    let complete = server
    self.handler = { await complete.handle($0) }
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try await self.handler(request)
  }

  func post(
    _ path: String = RecommendationMethods.recommend.path,
    _ body: String = #"{"mood":"calm"}"#,
    _ fields: HeaderFields = [:]
  ) async throws -> HTTPResponse {
    try await self.post(path, bytes: Array(body.utf8), fields)
  }

  func post(
    _ path: String = RecommendationMethods.recommend.path,
    bytes: [UInt8],
    _ fields: HeaderFields = [:]
  ) async throws -> HTTPResponse {
    var all: HeaderFields = ["content-type": "application/json"]
    for field in fields.fields { all[field.name] = field.value }
    return try await self.send(
      HTTPRequest(method: "POST", target: path, fields: all, body: bytes)
    )
  }

  func get(_ target: String, _ fields: HeaderFields = [:]) async throws -> HTTPResponse {
    try await self.send(HTTPRequest(method: "GET", target: target, fields: fields))
  }
}

final class Records: Sendable {
  private let records = Mutex<[CallRecord]>([])

  func append(_ record: CallRecord) { self.records.withLock { $0.append(record) } }

  var all: [CallRecord] { self.records.withLock { $0 } }
}

extension HTTPResponse {
  var text: String { String(decoding: self.body, as: UTF8.self) }

  /// The error of a response, as a client of ours reads it.
  var error: RPCError? {
    get async {
      let response = self
      let client = try? RPCClient(baseURL: "http://test") { _ in response }
      do {
        _ = try await client?.call(RecommendationMethods.recommend, RecommendRequest())
        return nil
      } catch {
        return error
      }
    }
  }
}

/// Keeps what one task says for another to read.
final class Box<Value: Sendable>: Sendable {
  private let content: Mutex<Value>

  init(_ value: Value) { self.content = Mutex(value) }

  var value: Value {
    get { self.content.withLock { $0 } }
    set { self.content.withLock { $0 = newValue } }
  }
}

/// Whether a condition comes true within a minute.
func eventually(_ condition: () -> Bool) async -> Bool {
  let deadline = ContinuousClock.now + .seconds(60)
  while !condition() {
    guard ContinuousClock.now < deadline else { return false }
    try? await Task.sleep(for: .milliseconds(1))
  }
  return true
}
