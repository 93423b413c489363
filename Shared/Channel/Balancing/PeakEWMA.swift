#if canImport(Glibc)
import Glibc
#endif

/// A moving average of latencies that rises at once and falls slowly.
///
/// Source: https://twitter.github.io/finagle/guide/Clients.html#power-of-two-choices-p2c-least-loaded
struct PeakEWMA: Sendable {
  /// In which an average falls by 63 % of its distance from what is observed.
  static let decay = Duration.seconds(10)
  /// What a failure counts as at least: answering fast with errors must attract no traffic.
  static let penalty = Duration.seconds(1)

  /// What one observation changes an average of the last ones by, at least.
  private static let leastWeight = 1.0 / 16

  /// Seconds, or `nil` while nothing is known.
  private var average: Double?
  /// Seconds, without the leaps: what an endpoint takes but for a call now and then.
  private var calm: Double?
  private var stamp: ContinuousClock.Instant
  /// Whether the latest observation was a failure.
  private var isPenalised = false

  init(now: ContinuousClock.Instant) { self.stamp = now }

  /// The average by now, in seconds; `nil` while nothing is known.
  ///
  /// Without observations it falls, so that a slow endpoint is tried again in the end. What is
  /// known of a failing one is forgotten after the decay time: one more call tells more.
  func seconds(at now: ContinuousClock.Instant) -> Double? {
    guard let average = self.average else { return nil }
    let age = now - self.stamp
    if self.isPenalised { return age > Self.decay ? nil : average }
    return age > .zero ? average * exp(-(age / Self.decay)) : average
  }

  /// What calls mostly take, in seconds; `nil` while nothing is known, or nothing new.
  func usualSeconds(at now: ContinuousClock.Instant) -> Double? {
    now - self.stamp > Self.decay ? nil : self.calm
  }

  mutating func observe(_ latency: Duration, isFailure: Bool, now: ContinuousClock.Instant) {
    let observed = (isFailure ? max(latency, Self.penalty) : latency) / .seconds(1)
    let age = max(now - self.stamp, .zero)
    if let calm = self.calm, age <= Self.decay {
      self.calm = calm + (observed - calm) * max(1 - exp(-(age / Self.decay)), Self.leastWeight)
    } else {
      self.calm = observed
    }
    if let average = self.average, observed <= average, age <= Self.decay,
      !self.isPenalised || isFailure
    {
      let share = exp(-(age / Self.decay))
      self.average = average * share + observed * (1 - share)
    } else {
      self.average = observed
    }
    self.isPenalised = isFailure
    self.stamp = now
  }

  /// Notes that a call that was given up had waited for so long without an answer.
  mutating func observe(unanswered waited: Duration, now: ContinuousClock.Instant) {
    guard waited / .seconds(1) > self.seconds(at: now) ?? 0 else { return }
    self.average = waited / .seconds(1)
    self.stamp = now
  }
}
