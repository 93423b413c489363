import Admission
import Contracts
import HTTPMessage
import HTTPServer
import RPC
import SwiftProtobuf
import Synchronization

/// A server whose one method needs one of a few workers for a while.
///
/// Calls wait for a worker in turn, as they would for a core or a connection pool: without limits,
/// an overload makes them wait longer and longer.
struct ScriptedServer {
  static let workers = 8
  static let work = Duration.milliseconds(160)
  /// Calls per second.
  static let capacity = Double(Self.workers) / (Self.work / .seconds(1))

  private let server: RPCServer

  init(_ configuration: AdmissionControl.Configuration) async throws {
    let control = try await AdmissionControl(configuration)
    let pool = WorkerPool(count: Self.workers)
    var server = RPCServer(schema: Schema.fileDescriptorSet, health: Health())
    server.register(RecommendationMethods.recommend) { request, _ in
      try await pool.run { try await Task.sleep(for: Self.work) }
      return .with { $0.language = request.mood }
    }
    server.hooks = control.hooks
    self.server = server
  }

  /// Serves on a free port of 127.0.0.1 while `body` runs.
  func serving<R: Sendable>(_ body: (Int) async throws -> R) async throws -> R {
    let server = self.server
    var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0) { reason, fields in
      server.response(to: reason, fields)
    }
    configuration.limits.maxConcurrentStreams = 10_000
    configuration.limits.drainGrace = .seconds(1)
    configuration.admit = { server.admit(&$0) }
    return try await withHTTPServer(
      configuration,
      handler: { await server.handle($0) },
      { address in try await body(address.port) }
    )
  }
}

/// Workers that calls take in turn.
private final class WorkerPool: Sendable {
  private struct State {
    var free: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  init(count: Int) { self.state = Mutex(State(free: count)) }

  /// A caller that no longer waits still takes its worker, as a query does that was sent.
  func run(_ work: () async throws -> Void) async throws {
    await withCheckedContinuation { continuation in
      let isFree = self.state.withLock { state in
        guard state.free > 0 else {
          state.waiting.append(continuation)
          return false
        }
        state.free -= 1
        return true
      }
      if isFree { continuation.resume() }
    }
    defer {
      let next = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
        guard !state.waiting.isEmpty else {
          state.free += 1
          return nil
        }
        return state.waiting.removeFirst()
      }
      next?.resume()
    }
    try await work()
  }
}
