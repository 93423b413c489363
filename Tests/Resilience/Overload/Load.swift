import Contracts
import HTTPClient
import HTTPMessage
import RPC
import SwiftProtobuf
import Synchronization

/// Callers that come at a rate, whether or not the ones before were answered.
///
/// One in ten calls is critical and three are sheddable; each asks about a mood of its own.
struct Load: Sendable {
  let client: HTTP2Client
  let deadline: Duration

  private static let tick = Duration.milliseconds(10)
  private static let moods = Atomic<Int>(0)

  /// Offers so many calls per second.
  func offer(_ rate: Double, for duration: Duration) async -> Tally {
    let tallies = Tallies()
    let client: RPCClient
    do {
      client = try RPCClient(baseURL: "http://127.0.0.1", send: self.client.handler)
    } catch { return Tally() }
    let start = ContinuousClock.now
    await withDiscardingTaskGroup { group in
      var offered = 0
      while start.duration(to: .now) < duration {
        let due = Int(min(start.duration(to: .now), duration) / .seconds(1) * rate)
        while offered < due {
          let priority = Self.priority(of: offered)
          offered += 1
          group.addTask {
            let began = ContinuousClock.now
            let outcome = await self.call(client, priority)
            let seconds = began.duration(to: .now) / .seconds(1)
            let isInTime = start.duration(to: .now) <= duration
            tallies.add(outcome, priority, seconds, isInTime: isInTime)
          }
        }
        try? await Task.sleep(for: Self.tick)
      }
    }
    return tallies.total
  }

  private static func priority(of number: Int) -> CallPriority {
    switch number % 10 {
    case 0: .critical
    case 1...3: .sheddable
    default: .standard
    }
  }

  private func call(_ client: RPCClient, _ priority: CallPriority) async -> Tally.Outcome {
    let number = Self.moods.wrappingAdd(1, ordering: .relaxed).newValue
    do throws(RPCError) {
      let response = try await client.call(
        RecommendationMethods.recommend,
        .with {
          $0.mood = "a quiet evening, the \(number)th of them, with hope and some fear"
          $0.limit = 3
        },
        timeout: self.deadline,
        fields: ["x-priority": priority.rawValue]
      )
      return response.degraded.isEmpty ? .answered : .degraded
    } catch {
      switch error.code {
      case .unavailable, .resourceExhausted: return .refused
      case .deadlineExceeded: return .late
      default: return .failed
      }
    }
  }
}

/// What came of the calls so far, from any thread.
private final class Tallies: Sendable {
  private let tally = Mutex(Tally())

  func add(
    _ outcome: Tally.Outcome,
    _ priority: CallPriority,
    _ seconds: Double,
    isInTime: Bool
  ) {
    self.tally.withLock { $0.add(outcome, priority, seconds, isInTime: isInTime) }
  }

  var total: Tally { self.tally.withLock { $0 } }
}

/// What came of calls.
struct Tally: Sendable {
  enum Outcome: Sendable, Hashable, CaseIterable {
    case answered, degraded, refused, late, failed
  }

  private struct Kind: Hashable {
    let outcome: Outcome
    let priority: CallPriority
  }

  private var counts: [Kind: Int] = [:]
  private(set) var latencies: [Double] = []
  /// Answered in time, and while calls were still coming.
  private(set) var good = 0

  mutating func add(
    _ outcome: Outcome,
    _ priority: CallPriority,
    _ seconds: Double,
    isInTime: Bool
  ) {
    self.counts[Kind(outcome: outcome, priority: priority), default: 0] += 1
    guard outcome == .answered else { return }
    self.latencies.append(seconds)
    if isInTime { self.good += 1 }
  }

  func count(_ outcome: Outcome, _ priority: CallPriority? = nil) -> Int {
    self.counts.filter { kind, _ in
      kind.outcome == outcome && (priority == nil || kind.priority == priority)
    }.values.reduce(0, +)
  }

  func total(_ priority: CallPriority? = nil) -> Int {
    Outcome.allCases.reduce(0) { $0 + self.count($1, priority) }
  }
}
