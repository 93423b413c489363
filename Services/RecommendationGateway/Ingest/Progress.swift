import ServiceRuntime
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// How far a run is, on standard error: a bar on a terminal, a line every tenth otherwise.
final class Progress: Sendable {
  private let total: Int
  private let start = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let lastTenth = Mutex(0)

  init(total: Int) {
    self.total = total
  }

  /// Shows that `done` of the titles are dealt with.
  func show(_ done: Int) {
    guard self.total > 0 else { return }
    let seconds = self.start.duration(to: .now) / .seconds(1)
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let left = rate > 0 ? Int(Double(self.total - done) / rate) : 0
    let facts = "\(done)/\(self.total) titles, \(Int(rate))/s, \(left) s left"
    let tenth = 10 * done / self.total
    if self.isTerminal {
      let filled = 30 * done / self.total
      let bar =
        String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
      complain("\r[\(bar)] \(facts)   ", terminator: "")
    } else if self.lastTenth.withLock({ last in
      defer { last = max(last, tenth) }
      return tenth > last
    }) {
      complain(facts)
    }
  }

  func end() {
    if self.isTerminal, self.total > 0 { complain("") }
  }
}
