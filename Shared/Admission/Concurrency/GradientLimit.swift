/// How many calls may run at once, found from how long they take.
///
/// Grows while calls take as long as ever, and shrinks when they take longer: then they wait for
/// something inside. Netflix's Gradient2 with its values, but for two: the limit may go down to 4,
/// and the long-term latency learns ten times more slowly while calls are waiting, or an overload
/// of some minutes would pass for what is usual.
///
/// Source: https://github.com/Netflix/concurrency-limits (Gradient2Limit.java)
struct GradientLimit: Sendable {
  static let initial = 20.0
  static let least = 4.0
  /// How much of a new value is taken over at once.
  static let smoothing = 0.2
  /// How much longer than usual calls may take before the limit shrinks.
  static let tolerance = 1.5
  /// Calls that may wait inside, which lets the limit grow.
  static let headroom = 4.0
  /// Updates over which the usual latency is an average.
  static let longWindow = 600.0
  /// Updates until which that is a plain average.
  static let warmUp = 10.0
  /// How much less is learned from an update while calls wait.
  static let saturatedWeight = 0.1

  private let most: Double
  /// `least` to the most.
  private(set) var value: Double
  /// Seconds; 0 before the first update.
  private(set) var usual = 0.0
  private var updates = 0.0

  /// - Parameter most: 4 or more.
  init(most: Int) {
    self.most = max(Double(most), Self.least)
    self.value = min(Self.initial, self.most)
  }

  /// Takes in how calls went for a moment.
  ///
  /// - Parameters:
  ///   - latency: Their mean, in seconds.
  ///   - busiest: The most calls that ran at once.
  ///   - isSaturated: Whether others were waiting.
  mutating func update(latency: Double, busiest: Int, isSaturated: Bool) {
    guard latency > 0 else { return }
    self.learn(latency, isSaturated)
    // After a slow time the usual latency comes down faster than the average does.
    if self.usual / latency > 2 { self.usual *= 0.95 }
    // Without load there is nothing to learn about the limit.
    guard Double(busiest) >= self.value / 2 else { return }
    let gradient = min(1, max(0.5, Self.tolerance * self.usual / latency))
    let target = self.value * gradient + Self.headroom
    let smoothed = self.value * (1 - Self.smoothing) + target * Self.smoothing
    self.value = min(self.most, max(Self.least, smoothed))
  }

  private mutating func learn(_ latency: Double, _ isSaturated: Bool) {
    self.updates += 1
    if self.updates <= Self.warmUp {
      self.usual += (latency - self.usual) / self.updates
    } else {
      let weight = 2 / (Self.longWindow + 1) * (isSaturated ? Self.saturatedWeight : 1)
      self.usual += (latency - self.usual) * weight
    }
  }
}
