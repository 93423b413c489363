import Channel
import FoundationEssentials
import Glibc
import RPC
import Synchronization

/// What came of calls: since the start, and since the last line that was printed.
final class Tally: Sendable {
  private struct Line: Encodable {
    var seconds: Double
    var isLast: Bool
    /// Calls that ended, and how many of them with each error.
    var calls: Int
    var failures: [String: Int]
    /// By endpoint.
    var attempts: [String: Int]
    /// Milliseconds.
    var p50: Double
    var p99: Double
    var states: [String: String]
  }

  private struct State {
    var calls = 0
    var failures: [String: Int] = [:]
    var attempts: [String: Int] = [:]
    var latencies: [Duration] = []

    mutating func add(_ other: State) {
      self.calls += other.calls
      self.failures.merge(other.failures, uniquingKeysWith: +)
      self.attempts.merge(other.attempts, uniquingKeysWith: +)
      self.latencies += other.latencies
    }

    func percentile(_ share: Double) -> Double {
      guard !self.latencies.isEmpty else { return 0 }
      let sorted = self.latencies.sorted()
      let index = min(Int(Double(sorted.count) * share), sorted.count - 1)
      return sorted[index] / .milliseconds(1)
    }
  }

  private let began = ContinuousClock.now
  private let recent = Mutex(State())
  private let total = Mutex(State())
  private let started = Atomic(0)

  /// Whether another call may begin.
  func mayStart(limit: Int) -> Bool {
    self.started.wrappingAdd(1, ordering: .relaxed).newValue <= limit
  }

  func count(attemptAt endpoint: String) {
    self.recent.withLock { $0.attempts[endpoint, default: 0] += 1 }
  }

  func count(_ duration: Duration, _ failure: RPCError?) {
    self.recent.withLock { state in
      state.calls += 1
      state.latencies.append(duration)
      if let failure { state.failures["\(failure.code.name): \(failure.message)", default: 0] += 1 }
    }
  }

  /// Prints what came since the last line, or with the last line everything.
  func print(_ snapshot: ChannelSnapshot, isLast: Bool) {
    let recent = self.recent.withLock { state in
      defer { state = State() }
      return state
    }
    let all = self.total.withLock { total in
      total.add(recent)
      return total
    }
    let shown = isLast ? all : recent
    let line = Line(
      seconds: (ContinuousClock.now - self.began) / .seconds(1),
      isLast: isLast,
      calls: shown.calls,
      failures: shown.failures,
      attempts: shown.attempts,
      p50: shown.percentile(0.5),
      p99: shown.percentile(0.99),
      states: Dictionary(
        snapshot.endpoints.map { ($0.address, $0.state) },
        uniquingKeysWith: { first, _ in first }
      )
    )
    let json = (try? JSONEncoder().encode(line)) ?? Data()
    Swift.print(String(decoding: json, as: UTF8.self))
    fflush(nil)
  }
}
