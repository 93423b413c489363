import Contracts
import HTTPClient
import HTTPMessage
import RPC
import SwiftProtobuf
import Synchronization

/// Callers of one server; one in ten calls is critical and three are sheddable.
///
/// Each asks about a mood of its own, which no cache holds.
struct Load: Sendable {
  /// Each on connections of its own, so that no caller waits for a stream.
  let clients: [RPCClient]
  let deadline: Duration

  private static let tick = Duration.milliseconds(10)
  private static let moods = Atomic<Int>(0)

  /// Makes so many calls at a time, each after the one before.
  func saturate(_ callers: Int, for duration: Duration) async -> Tally {
    let tallies = Tallies()
    let start = ContinuousClock.now
    await withDiscardingTaskGroup { group in
      for caller in 0..<callers {
        group.addTask {
          while start.duration(to: .now) < duration {
            await self.count(caller, tallies, until: start + duration)
          }
        }
      }
    }
    return tallies.total
  }

  /// Offers so many calls per second, whether or not the ones before were answered.
  func offer(_ rate: Double, for duration: Duration) async -> Tally {
    let tallies = Tallies()
    let start = ContinuousClock.now
    await withDiscardingTaskGroup { group in
      var offered = 0
      while start.duration(to: .now) < duration {
        let due = Int(min(start.duration(to: .now), duration) / .seconds(1) * rate)
        while offered < due {
          let number = offered
          offered += 1
          group.addTask { await self.count(number, tallies, until: start + duration) }
        }
        try? await Task.sleep(for: Self.tick)
      }
    }
    return tallies.total
  }

  private func count(
    _ number: Int,
    _ tallies: Tallies,
    until end: ContinuousClock.Instant
  ) async {
    let priority = Self.priority(of: number)
    let began = ContinuousClock.now
    let outcome = await self.call(self.clients[number % self.clients.count], priority)
    let now = ContinuousClock.now
    tallies.add(outcome, priority, began.duration(to: now) / .seconds(1), isInTime: now <= end)
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
