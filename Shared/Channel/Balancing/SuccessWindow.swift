/// How the calls of the last interval ended, counted in two halves.
struct SuccessWindow: Sendable {
  private struct Half: Sendable {
    var successes = 0
    var failures = 0
  }

  private var current = Half()
  private var previous = Half()
  private var began: ContinuousClock.Instant

  init(now: ContinuousClock.Instant) { self.began = now }

  mutating func count(success: Bool, interval: Duration, now: ContinuousClock.Instant) {
    let half = interval / 2
    let age = now - self.began
    if age >= half {
      self.previous = age < interval ? self.current : Half()
      self.current = Half()
      self.began = now
    }
    if success { self.current.successes += 1 } else { self.current.failures += 1 }
  }

  var calls: Int { self.failures + self.successes }
  /// Of all calls, 0...100; 100 without calls.
  var successPercent: Double {
    self.calls == 0 ? 100 : Double(self.successes) / Double(self.calls) * 100
  }

  private var successes: Int { self.current.successes + self.previous.successes }
  private var failures: Int { self.current.failures + self.previous.failures }
}
