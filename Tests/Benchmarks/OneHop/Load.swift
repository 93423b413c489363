import Glibc

/// Calls from several tasks, each of which calls again as soon as it has its answer.
package struct Load: Sendable {
  package var callers: Int
  package var seconds: Double

  /// Not counted, as connections are made and buffers grow then.
  private static let warmUp = 1.0

  /// Calls until the time is over, and prints a line of JSON.
  package func run(_ call: @escaping @Sendable () async throws -> Void) async throws {
    let counted = Self.now + Self.warmUp
    let end = counted + self.seconds
    var latencies: [Double] = []
    var total = 0
    try await withThrowingTaskGroup(of: (total: Int, latencies: [Double]).self) { group in
      for _ in 0..<self.callers {
        group.addTask {
          var total = 0
          var latencies: [Double] = []
          var began = Self.now
          while began < end {
            try await call()
            let ended = Self.now
            total += 1
            if began >= counted { latencies.append(ended - began) }
            began = ended
          }
          return (total, latencies)
        }
      }
      for try await part in group {
        total += part.total
        latencies += part.latencies
      }
    }
    latencies.sort()
    let middle = latencies.isEmpty ? 0 : latencies[latencies.count / 2]
    let slow =
      latencies.isEmpty ? 0 : latencies[min(latencies.count * 99 / 100, latencies.count - 1)]
    print(
      """
      {"calls": \(total), "rate": \(Double(latencies.count) / self.seconds), \
      "p50": \(middle * 1_000_000), "p99": \(slow * 1_000_000), \
      "cpu": \(Self.time(CLOCK_PROCESS_CPUTIME_ID) * 1_000_000 / Double(max(total, 1)))}
      """
    )
  }

  private static var now: Double { self.time(CLOCK_MONOTONIC) }

  private static func time(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
  }
}
