import Admission
import Contracts
import Foundation
import HTTPMessage
import RPC
import SwiftProtobuf
import Synchronization

/// A server of one method that reads and one that writes, behind admission.
final class GuardedServer: Sendable {
  let server: RPCServer
  let control: AdmissionControl
  let records: Records
  /// How often a handler ran.
  let runs: Counted

  init(
    _ configuration: AdmissionControl.Configuration = AdmissionControl.Configuration(),
    health: Health = Health(),
    recommend:
      @escaping @Sendable (ServerContext) async throws -> Void = { _ in },
    upsert: @escaping @Sendable () async throws -> Void = {}
  ) async throws {
    let records = Records()
    let runs = Counted()
    self.records = records
    self.runs = runs
    self.control = try await AdmissionControl(configuration)
    var server = RPCServer(schema: Schema.fileDescriptorSet, health: health) {
      records.append($0)
    }
    server.register(RecommendationMethods.recommend) { request, context in
      runs.add()
      try await recommend(context)
      return .with { $0.language = request.mood }
    }
    server.register(CatalogMethods.deleteTitles) { request, _ in
      let run = runs.add()
      try await upsert()
      return .with { $0.deleted = Int32(run) }
    }
    server.hooks = self.control.hooks
    self.server = server
  }

  static let readPath = RecommendationMethods.recommend.path
  static let writePath = CatalogMethods.deleteTitles.path

  func call(
    _ path: String = GuardedServer.readPath,
    _ fields: HeaderFields = [:],
    body: String = "{}",
    peer: String = "192.0.2.1"
  ) async -> HTTPResponse {
    var all = fields
    all["content-type"] = "application/json"
    var request = HTTPRequest(method: "POST", target: path, fields: all, body: Array(body.utf8))
    request.peer = peer
    return await self.server.handle(request)
  }
}

final class Records: Sendable {
  private let records = Mutex<[CallRecord]>([])

  func append(_ record: CallRecord) { self.records.withLock { $0.append(record) } }

  var all: [CallRecord] { self.records.withLock { $0 } }
}

/// Counts, from any thread.
final class Counted: Sendable {
  private let count = Mutex(0)

  @discardableResult func add() -> Int {
    self.count.withLock {
      $0 += 1
      return $0
    }
  }

  var value: Int { self.count.withLock { $0 } }
}

extension HTTPResponse {
  var text: String { String(decoding: self.body, as: UTF8.self) }
}

/// Gives `body` the path of a file with this content, which is removed afterwards.
func withFile<R>(
  _ content: String,
  _ body: (_ path: String, _ rewrite: @escaping (String) throws -> Void) async throws -> R
) async throws -> R {
  let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  defer { try? FileManager.default.removeItem(at: url) }
  let write = { (content: String) in
    try content.write(to: url, atomically: true, encoding: .utf8)
  }
  try write(content)
  return try await body(url.path, write)
}

/// Whether a condition comes true within half a minute.
func eventually(_ condition: () async -> Bool) async -> Bool {
  let deadline = ContinuousClock.now + .seconds(30)
  while !(await condition()) {
    guard ContinuousClock.now < deadline else { return false }
    try? await Task.sleep(for: .milliseconds(5))
  }
  return true
}
