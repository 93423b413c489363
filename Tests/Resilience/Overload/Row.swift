import HTTPMessage

#if canImport(Glibc)
import Glibc
#endif

/// One line of the table.
struct Row: CustomStringConvertible {
  let name: String
  let multiple: Double
  let tally: Tally
  let seconds: Double

  static let header = """
    server     load  offered/s  goodput/s  p50 ms  p99 ms  refused   late  failed  \
    critical  default  sheddable (refused or late)
    """

  /// Calls per second that were answered in time, and in full.
  var goodput: Double { Double(self.tally.good) / self.seconds }

  func refusedShare(of priority: CallPriority) -> Double {
    let total = self.tally.total(priority)
    let answered = self.tally.count(.answered, priority)
    return total > 0 ? Double(total - answered) / Double(total) : 0
  }

  var description: String {
    let shares = [CallPriority.critical, .standard, .sheddable]
      .map { Self.percent(self.refusedShare(of: $0)) }
    let failed = self.tally.count(.failed) + self.tally.count(.degraded)
    return [
      (self.name, -9), (Self.tenths(self.multiple) + " x", 6),
      (Self.tenths(Double(self.tally.total()) / self.seconds), 10),
      (Self.tenths(self.goodput), 10), (self.milliseconds(0.5), 7), (self.milliseconds(0.99), 7),
      ("\(self.tally.count(.refused))", 8), ("\(self.tally.count(.late))", 6),
      ("\(failed)", 7), (shares[0], 9), (shares[1], 8), (shares[2], 10),
    ].map { Self.padded($0.0, $0.1) }.joined(separator: " ")
  }

  private func milliseconds(_ share: Double) -> String {
    let sorted = self.tally.latencies.sorted()
    guard !sorted.isEmpty else { return "-" }
    return Self.tenths(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] * 1000)
  }

  static func tenths(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }

  static func percent(_ share: Double) -> String { "\((share * 10_000).rounded() / 100) %" }

  /// To the right for a positive width, to the left for a negative one.
  private static func padded(_ text: String, _ width: Int) -> String {
    let space = String(repeating: " ", count: max(0, abs(width) - text.count))
    return width < 0 ? text + space : space + text
  }
}

/// What this process takes.
enum Memory {
  /// The most that it had in memory at once.
  static func peakMegabytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Int(usage.ru_maxrss) / 1024
  }
}
