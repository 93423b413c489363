/// How calls went since the last update of the limit.
struct LatencyWindow: Sendable {
  static let shortest = Duration.milliseconds(100)
  /// So many calls end a window early.
  static let enough = 10
  static let longest = Duration.seconds(1)
  private static let mostSamples = 64

  private var began: ContinuousClock.Instant
  private var sum = 0.0
  private var count = 0
  private(set) var busiest = 0
  private(set) var hadWaiting = false
  private var samples: [Double] = []

  init(_ now: ContinuousClock.Instant) { self.began = now }

  mutating func add(seconds: Double, running: Int, waiting: Int) {
    self.sum += seconds
    if self.samples.count < Self.mostSamples {
      self.samples.append(seconds)
    } else {
      self.samples[self.count % Self.mostSamples] = seconds
    }
    self.count += 1
    self.busiest = max(self.busiest, running)
    if waiting > 0 { self.hadWaiting = true }
  }

  func isOver(_ now: ContinuousClock.Instant) -> Bool {
    let elapsed = self.began.duration(to: now)
    return self.count >= Self.enough ? elapsed >= Self.shortest : elapsed >= Self.longest
  }

  /// Seconds; 0 without calls.
  var mean: Double { self.count > 0 ? self.sum / Double(self.count) : 0 }

  /// Seconds; 0 without calls.
  var median: Double {
    self.samples.isEmpty ? 0 : self.samples.sorted()[self.samples.count / 2]
  }
}
