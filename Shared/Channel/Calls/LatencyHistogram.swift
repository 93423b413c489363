/// The latencies of a method in the last half minute or so, to tell a percentile of them.
///
/// Eight buckets for each doubling, so a percentile is at most an eighth too high.
struct LatencyHistogram: Sendable {
  private static let period = Duration.seconds(15)
  private static let buckets = 288
  /// Fewer latencies say nothing.
  static let minCount = 100

  private var current = [UInt32](repeating: 0, count: Self.buckets)
  private var previous = [UInt32](repeating: 0, count: Self.buckets)
  private var count = 0
  private var previousCount = 0
  private var began: ContinuousClock.Instant

  init(now: ContinuousClock.Instant) { self.began = now }

  mutating func record(_ latency: Duration, now: ContinuousClock.Instant) {
    if now - self.began >= Self.period {
      swap(&self.current, &self.previous)
      for index in self.current.indices { self.current[index] = 0 }
      self.previousCount = self.count
      self.count = 0
      self.began = now
    }
    self.current[Self.bucket(of: latency)] += 1
    self.count += 1
  }

  /// The latency that `percentile` percent did not exceed; `nil` while too few are known.
  func percentile(_ percentile: Double) -> Duration? {
    let total = self.count + self.previousCount
    guard total >= Self.minCount else { return nil }
    var left = (Double(total) * percentile / 100).rounded(.up)
    for index in 0..<Self.buckets {
      left -= Double(self.current[index] + self.previous[index])
      if left <= 0 { return Self.upperBound(of: index) }
    }
    return nil
  }

  private static func bucket(of latency: Duration) -> Int {
    let microseconds = UInt64(min(max(latency / .microseconds(1), 0), 6e10))
    guard microseconds >= 8 else { return Int(microseconds) }
    let exponent = 63 - microseconds.leadingZeroBitCount
    let eighth = Int((microseconds >> UInt64(exponent - 3)) & 7)
    return min((exponent - 2) * 8 + eighth, Self.buckets - 1)
  }

  private static func upperBound(of bucket: Int) -> Duration {
    guard bucket >= 8 else { return .microseconds(bucket + 1) }
    let (octave, eighth) = (bucket / 8 - 1, bucket % 8)
    return .microseconds(Int64(8 + eighth + 1) << Int64(octave))
  }
}
