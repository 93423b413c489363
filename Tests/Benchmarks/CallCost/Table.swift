import Glibc

/// A call to be measured, and what its cost is compared with.
struct MeasuredCall: Sendable {
  var name: String
  /// The name of the row that has everything but one thing.
  var without: String?
  var run: @Sendable () async -> Void
}

/// Calls in turns, and the least that each took.
enum Table {
  private static let calls = 200
  private static let rounds = 1000

  static func print(
    _ title: String,
    _ rows: [MeasuredCall],
    between: () -> Void = {}
  ) async {
    var best = Array(repeating: Double.infinity, count: rows.count)
    for _ in 0..<Self.rounds {
      for (index, row) in rows.enumerated() {
        let began = Self.processorTime
        for _ in 0..<Self.calls { await row.run() }
        best[index] = min(best[index], (Self.processorTime - began) / Double(Self.calls))
        between()
      }
    }
    Swift.print("| \(title) | µs a call | added | to |\n|---|---|---|---|")
    for (row, time) in zip(rows, best) {
      let base = rows.firstIndex { $0.name == row.without }
      let added = base.map { Self.rounded(time - best[$0]) }
      Swift.print(
        "| \(row.name) | \(Self.rounded(time)) | \(added.map { "\($0)" } ?? "") | \(row.without ?? "") |"
      )
    }
  }

  /// Microseconds of one run, the least of many.
  static func least(of work: () -> Void) -> Double {
    var least = Double.infinity
    for _ in 0..<Self.rounds {
      let began = Self.processorTime
      work()
      least = min(least, Self.processorTime - began)
    }
    return least
  }

  static func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }

  /// Microseconds, of all threads.
  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000_000 + Double(time.tv_nsec) / 1000
  }
}
