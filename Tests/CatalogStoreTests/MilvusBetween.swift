import CatalogStore
import GRPCWire
import HTTPClient
import HTTPMessage
import SwiftProtobuf
import Synchronization

@testable import MilvusStore

/// A real Milvus with someone between, who may hold calls up or answer in its place.
struct MilvusBetween: Sendable {
  /// Answers a call of a method with a framed message, or `nil` to let it through.
  typealias Script = @Sendable (_ method: String, _ body: [UInt8]) async throws -> HTTPResponse?

  let proxy: HTTP2Client
  let database: String
  let prefix: String

  /// A catalog of its own at a server.
  init(_ address: MilvusAddress) {
    self.proxy = HTTP2Client(host: address.proxies[0].host, port: address.proxies[0].port)
    self.database = address.database
    self.prefix = "between_\(UInt32.random(in: 0...UInt32.max))"
  }

  func handler(_ script: @escaping Script = { _, _ in nil }) -> HTTPHandler {
    let proxy = self.proxy.handler
    return { request in
      let method = request.path.split(separator: "/").last.map(String.init) ?? ""
      if let answer = try await script(method, request.body) { return answer }
      return try await proxy(request)
    }
  }

  func store(
    limits: WritingLimits = WritingLimits(),
    _ script: @escaping Script = { _, _ in nil }
  ) -> MilvusCatalogStore {
    MilvusCatalogStore(
      send: self.handler(script),
      database: self.database,
      prefix: self.prefix,
      limits: limits
    )
  }

  var log: VersionLog {
    VersionLog(
      client: MilvusClient(send: self.handler(), database: self.database, credentials: .none),
      names: CollectionNames(prefix: self.prefix)
    )
  }

  /// The generations that there are, in service or not.
  func generations() async throws -> Set<Generation> {
    let names = try await self.log.client.collections(patience: .seconds(20))
    return Set(
      names.compactMap { name in
        if case .rows(let generation) = self.log.names.meaning(of: name) { generation } else { nil }
      }
    )
  }

  static func answer(_ message: some Message) throws -> HTTPResponse {
    var response = HTTPResponse(
      status: 200,
      fields: ["content-type": "application/grpc"],
      body: try GRPCFrame.encode(message, limit: 64 << 20)
    )
    response.trailers = ["grpc-status": "0"]
    return response
  }

  /// A status of gRPC without a message.
  static func failure(status: Int) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      fields: ["content-type": "application/grpc", "grpc-status": "\(status)"]
    )
  }

  static func request<Request: Message>(_ body: [UInt8]) throws -> Request {
    try GRPCFrame.decode(body, limit: 64 << 20)
  }
}

/// Holds up the first to come until it is opened.
final class Barrier: Sendable {
  private let arrivals = AsyncStream.makeStream(of: Void.self)
  private let opening = AsyncStream.makeStream(of: Void.self)
  private let isTaken = Mutex(false)

  /// Returns at once for all but the first.
  func pass() async {
    let isFirst = self.isTaken.withLock { isTaken in
      defer { isTaken = true }
      return !isTaken
    }
    guard isFirst else { return }
    self.arrivals.continuation.finish()
    for await _ in self.opening.stream {}
  }

  /// Waits until someone is held up.
  func arrival() async { for await _ in self.arrivals.stream {} }

  func open() { self.opening.continuation.finish() }
}
