package import Metrics
import Synchronization

/// The metrics of a process, for Prometheus to read.
///
/// Labels of swift-metrics become names as Prometheus allows them, dimensions become labels. A metric
/// has a bounded number of series: what comes beyond is counted in one whose labels are all `_OTHER`.
package final class MetricsRegistry: MetricsFactory {
  private let families = Mutex<[String: MetricFamily]>([:])
  private let maxSeries: Int

  /// - Parameter maxSeries: Of each metric, without the one for what comes beyond.
  package init(maxSeries: Int = 1000) {
    self.maxSeries = maxSeries
  }

  /// Every metric at this moment, in the order of their names.
  ///
  /// - Parameter format: How to write them.
  /// - Returns: A text that ends with a line break.
  package func text(_ format: MetricsFormat) -> String {
    let families = self.families.withLock { $0 }
    var all = families.map { name, family in family.snapshot(named: name) }
    all += ProcessMetrics.snapshots()
    return format.text(of: all.sorted { $0.name < $1.name })
  }

  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    let name = label.hasSuffix("_total") ? label : "\(label)_total"
    return self.series(of: name, dimensions, .counter) { CounterSeries() }
      ?? NOOPMetricsHandler.instance
  }

  package func makeFloatingPointCounter(
    label: String,
    dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    let name = label.hasSuffix("_total") ? label : "\(label)_total"
    return self.series(of: name, dimensions, .counter) { SumSeries() }
      ?? NOOPMetricsHandler.instance
  }

  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    self.series(of: label, dimensions, .gauge) { GaugeSeries() } ?? NOOPMetricsHandler.instance
  }

  package func makeRecorder(
    label: String,
    dimensions: [(String, String)],
    aggregate: Bool
  ) -> any RecorderHandler {
    guard aggregate else {
      return self.series(of: label, dimensions, .gauge) { GaugeSeries() }
        ?? NOOPMetricsHandler.instance
    }
    return self.series(of: label, dimensions, .histogram) {
      HistogramSeries(bounds: HistogramBounds.forValues(of: label))
    } ?? NOOPMetricsHandler.instance
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    self.series(of: label, dimensions, .histogram) {
      HistogramSeries(bounds: HistogramBounds.seconds)
    } ?? NOOPMetricsHandler.instance
  }

  // What was counted stays true; a gauge says what is, and ends with the last handle of it.
  package func destroyCounter(_ handler: any CounterHandler) {}
  package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  package func destroyMeter(_ handler: any MeterHandler) { self.release(handler as? GaugeSeries) }
  package func destroyRecorder(_ handler: any RecorderHandler) {
    self.release(handler as? GaugeSeries)
  }
  package func destroyTimer(_ handler: any TimerHandler) {}

  /// Takes a handle from a gauge, and the series of its last one from its family.
  private func release(_ gauge: GaugeSeries?) {
    guard let gauge else { return }
    self.families.withLock { families in
      guard gauge.handles.wrappingSubtract(1, ordering: .relaxed).newValue <= 0 else { return }
      for (name, family) in families where family.kind == .gauge {
        guard let labels = family.series.first(where: { $0.value === gauge })?.key else { continue }
        families[name]?.series[labels] = nil
      }
    }
  }

  /// The series of a label and dimensions, or `nil` where the label belongs to another kind.
  private func series<Series: MetricSeries>(
    of label: String,
    _ dimensions: [(String, String)],
    _ kind: MetricKind,
    make: () -> Series
  ) -> Series? {
    let name = MetricText.name(label)
    let labels = MetricText.labels(dimensions)
    return self.families.withLock { families in
      let family = families[name] ?? MetricFamily(kind: kind)
      guard family.kind == kind else { return nil }
      let isRoom = family.series[labels] != nil || family.series.count < self.maxSeries
      let key = isRoom ? labels : MetricText.labels(dimensions.map { ($0.0, "_OTHER") })
      let series: Series
      if let known = family.series[key] {
        guard let own = known as? Series else { return nil }
        series = own
      } else {
        series = make()
        families[name, default: family].series[key] = series
      }
      if let gauge = series as? GaugeSeries { gauge.handles.wrappingAdd(1, ordering: .relaxed) }
      return series
    }
  }
}

/// All series of one name.
struct MetricFamily: Sendable {
  var kind: MetricKind
  /// By labels as they are written, such as `cache="moods"`.
  var series: [String: any MetricSeries] = [:]

  func snapshot(named name: String) -> MetricSnapshot {
    MetricSnapshot(
      name: name,
      kind: self.kind,
      samples: self.series.sorted { $0.key < $1.key }.flatMap { $1.samples(labels: $0) }
    )
  }
}

enum MetricKind: String, Sendable {
  case counter, gauge, histogram
}

/// One metric at one moment.
struct MetricSnapshot: Sendable {
  struct Sample: Sendable {
    /// Behind the metric's name, as in "_bucket".
    var suffix = ""
    /// Without the braces.
    var labels = ""
    var value: Double
  }

  /// As Prometheus has it: a counter's ends in "_total".
  var name: String
  var kind: MetricKind
  var samples: [Sample]
}
