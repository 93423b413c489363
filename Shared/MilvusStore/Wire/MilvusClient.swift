internal import GRPCWire
internal import HTTPMessage
internal import Metrics
internal import RPC
internal import SwiftProtobuf

/// Calls one Milvus.
struct MilvusClient: Sendable {
  let database: String
  private let server: GRPCClient
  private let metrics = MilvusMetrics()

  /// Makes a client of the Milvus that `send` reaches.
  init(send: @escaping HTTPHandler, database: String, credentials: MilvusCredentials) {
    var metadata: HeaderFields = [:]
    if let field = credentials.field { metadata["authorization"] = field }
    self.server = GRPCClient(send: send, metadata: metadata)
    self.database = database
  }

  /// Calls a method, and again where Milvus says that it will be able to later or cannot be reached
  /// at all, until `patience` is over or the call being served ends.
  ///
  /// That a call goes to a proxy that works is the channel's to see to.
  func call<Request: Message, Answer: MilvusAnswer>(
    _ method: MilvusMethod,
    _ request: Request,
    patience: Duration
  ) async throws(MilvusError) -> Answer {
    let deadline = Self.end(of: patience)
    var pause = Self.firstPause
    var earlier: MilvusError?
    while true {
      do throws(MilvusError) {
        return try await self.callOnce(method, request, deadline: deadline)
      } catch {
        // Why the calls before failed says more than that there was no time for the last.
        guard error.isRetriable else { throw error.isLate ? earlier ?? error : error }
        earlier = error
        Waiting.current.note(error)
        let wait = pause * Double.random(in: 0.5...1)
        guard ContinuousClock.now + wait < deadline else { throw error }
        do { try await Task.sleep(for: wait) } catch {
          throw MilvusError(.failed(.canceled), method, "the call was canceled")
        }
        self.metrics.countRetry(method)
        pause = min(pause * 2, Self.longestPause)
      }
    }
  }

  /// When `patience` is over, or the call being served ends.
  static func end(of patience: Duration) -> ContinuousClock.Instant {
    let end = ContinuousClock.now + patience
    return CallScope.current.deadline.map { min($0, end) } ?? end
  }

  private static let firstPause = Duration.milliseconds(50)
  private static let longestPause = Duration.seconds(1)

  private func callOnce<Request: Message, Answer: MilvusAnswer>(
    _ method: MilvusMethod,
    _ request: Request,
    deadline: ContinuousClock.Instant
  ) async throws(MilvusError) -> Answer {
    let start = ContinuousClock.now
    defer { self.metrics.record(method, start.duration(to: .now)) }
    let answer: Answer
    do throws(RPCError) {
      answer = try await self.server.call(method.path, request, deadline: deadline)
    } catch {
      throw MilvusError(error, method)
    }
    guard answer.outcome.code == 0, answer.outcome.errorCode == 0 else {
      throw MilvusError(answer.outcome, method)
    }
    return answer
  }
}

/// What Milvus is waited for.
///
/// A type of its own: a release build of Swift 6.3.1 crashes where a task-local value is a function.
struct Waiting: Sendable {
  @TaskLocal static var current = Waiting { _ in }

  /// Hears why a call is made again, or its collection loaded first.
  let note: @Sendable (MilvusError) -> Void
}

/// What Milvus answers: its own status within a call that succeeded for gRPC.
protocol MilvusAnswer: Message {
  var outcome: MilvusStatus { get }
}

extension MilvusStatus: MilvusAnswer {
  var outcome: MilvusStatus { self }
}

extension MilvusShowCollectionsResponse: MilvusAnswer {
  var outcome: MilvusStatus { self.status }
}

extension MilvusDescribeCollectionResponse: MilvusAnswer {
  var outcome: MilvusStatus { self.status }
}

extension MilvusGetLoadStateResponse: MilvusAnswer {
  var outcome: MilvusStatus { self.status }
}

extension MilvusMutationResult: MilvusAnswer {
  var outcome: MilvusStatus { self.status }
}

extension MilvusQueryResults: MilvusAnswer {
  var outcome: MilvusStatus { self.status }
}

extension MilvusSearchResults: MilvusAnswer {
  var outcome: MilvusStatus { self.status }
}
