import Metrics
import Synchronization

/// The values behind one name and one set of labels.
protocol MetricSeries: AnyObject, Sendable {
  func samples(labels: String) -> [MetricSnapshot.Sample]
}

final class CounterSeries: MetricSeries, CounterHandler {
  private let value = Atomic<Int64>(0)

  func increment(by amount: Int64) {
    // Adding what doesn't fit would trap; what goes down is no counter.
    guard amount > 0 else { return }
    self.value.wrappingAdd(amount, ordering: .relaxed)
  }

  func reset() { self.value.store(0, ordering: .relaxed) }

  func samples(labels: String) -> [MetricSnapshot.Sample] {
    [.init(labels: labels, value: Double(self.value.load(ordering: .relaxed)))]
  }
}

/// A counter of what comes in fractions, such as money.
final class SumSeries: MetricSeries, FloatingPointCounterHandler {
  private let value = Mutex(0.0)

  func increment(by amount: Double) {
    guard amount > 0, amount.isFinite else { return }
    self.value.withLock { $0 += amount }
  }

  func reset() { self.value.withLock { $0 = 0 } }

  func samples(labels: String) -> [MetricSnapshot.Sample] {
    [.init(labels: labels, value: self.value.withLock { $0 })]
  }
}

final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
  private let value = Mutex(0.0)
  /// How many set it, as the registry counts them under its lock.
  let handles = Atomic(0)

  func set(_ value: Int64) { self.set(Double(value)) }
  func set(_ value: Double) { self.value.withLock { $0 = value } }
  func increment(by amount: Double) { self.value.withLock { $0 += amount } }
  func decrement(by amount: Double) { self.value.withLock { $0 -= amount } }
  func record(_ value: Int64) { self.set(Double(value)) }
  func record(_ value: Double) { self.set(value) }

  func samples(labels: String) -> [MetricSnapshot.Sample] {
    [.init(labels: labels, value: self.value.withLock { $0 })]
  }
}

final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
  private struct State {
    /// Of each bound, and of what lies beyond the last.
    var counts: [UInt64]
    var sum = 0.0
  }

  /// Upper ends, inclusive and rising.
  private let bounds: [Double]
  private let state: Mutex<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    self.state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func recordNanoseconds(_ duration: Int64) { self.record(Double(duration) / 1_000_000_000) }
  func record(_ value: Int64) { self.record(Double(value)) }

  func record(_ value: Double) {
    guard value.isFinite else { return }
    let bucket = self.bounds.firstIndex { value <= $0 } ?? self.bounds.count
    self.state.withLock {
      $0.counts[bucket] += 1
      $0.sum += value
    }
  }

  func samples(labels: String) -> [MetricSnapshot.Sample] {
    let state = self.state.withLock { $0 }
    let prefix = labels.isEmpty ? "" : "\(labels),"
    var total: UInt64 = 0
    var samples: [MetricSnapshot.Sample] = []
    for (bound, count) in zip(self.bounds + [.infinity], state.counts) {
      total += count
      samples.append(
        .init(
          suffix: "_bucket",
          labels: "\(prefix)le=\"\(MetricText.bound(bound))\"",
          value: Double(total)
        )
      )
    }
    samples.append(.init(suffix: "_count", labels: labels, value: Double(total)))
    samples.append(.init(suffix: "_sum", labels: labels, value: state.sum))
    return samples
  }
}

/// The upper ends of a histogram's buckets.
enum HistogramBounds {
  /// What OpenTelemetry advises for RPC, and two more for calls to language models.
  ///
  /// Source: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/
  static let seconds: [Double] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 60,
  ]
  /// 64 bytes to 16 MiB.
  static let bytes: [Double] = (0..<10).map { Double(64 << (2 * $0)) }
  /// What OpenTelemetry advises for language models.
  ///
  /// Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
  static let tokens: [Double] = (0..<14).map { Double(1 << (2 * $0)) }
  /// For numbers of things.
  static let counts: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]

  static func forValues(of label: String) -> [Double] {
    if label.hasSuffix("_bytes") { return self.bytes }
    if label.hasSuffix("_seconds") { return self.seconds }
    return label.contains("token") ? self.tokens : self.counts
  }
}
