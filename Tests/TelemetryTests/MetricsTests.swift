import Metrics
import Testing

@testable import Telemetry

/// The lines of a metric, without comments.
private func lines(
  _ registry: MetricsRegistry,
  of name: String,
  _ format: MetricsFormat = .prometheus
) -> [String] {
  registry.text(format).split(separator: "\n").map(String.init).filter { $0.hasPrefix(name) }
}

@Suite struct `Metrics` {
  private let registry = MetricsRegistry(maxSeries: 3)

  @Test func `of one name and labels are one series, in whatever order the labels come`() {
    let labels = [("b", "2"), ("a", "1")]
    Counter(label: "calls_total", dimensions: labels, factory: self.registry).increment()
    Counter(label: "calls_total", dimensions: labels.reversed(), factory: self.registry)
      .increment(by: 41)
    #expect(lines(self.registry, of: "calls_total") == [#"calls_total{a="1",b="2"} 42"#])
  }

  @Test func `a counter's name ends in total, and in OpenMetrics its family's does not`() {
    Counter(label: "calls", factory: self.registry).increment()
    #expect(lines(self.registry, of: "calls") == ["calls_total 1"])
    #expect(self.registry.text(.prometheus).contains("# TYPE calls_total counter\n"))
    let text = self.registry.text(.openMetrics)
    #expect(text.contains("# TYPE calls counter\ncalls_total 1\n"))
    #expect(text.hasSuffix("# EOF\n"))
  }

  @Test func `a counter never falls`() {
    let counter = self.registry.makeCounter(label: "calls_total", dimensions: [])
    counter.increment(by: 5)
    counter.increment(by: -3)
    #expect(lines(self.registry, of: "calls_total") == ["calls_total 5"])
  }

  @Test func `a counter of money counts fractions, and never falls`() {
    let counter = FloatingPointCounter(label: "usd_total", factory: self.registry)
    counter.increment(by: 0.25)
    counter.increment(by: 0.5)
    counter.increment(by: -3)
    #expect(lines(self.registry, of: "usd_total") == ["usd_total 0.75"])
    #expect(self.registry.text(.prometheus).contains("# TYPE usd_total counter\n"))
  }

  @Test func `a gauge goes up and down`() {
    let meter = Meter(label: "active", factory: self.registry)
    meter.increment(by: 3)
    meter.decrement(by: 1)
    #expect(lines(self.registry, of: "active") == ["active 2"])
    Gauge(label: "state", factory: self.registry).record(0.5)
    #expect(lines(self.registry, of: "state") == ["state 0.5"])
  }

  @Test func `a gauge ends with its last handle, and what is counted stays`() {
    let labels = [("endpoint", "a")]
    let first = Meter(label: "state", dimensions: labels, factory: self.registry)
    let second = Meter(label: "state", dimensions: labels, factory: self.registry)
    let other = Meter(label: "state", dimensions: [("endpoint", "b")], factory: self.registry)
    first.set(4)
    other.set(1)
    first.destroy()
    second.set(2)
    #expect(
      lines(self.registry, of: "state") == [#"state{endpoint="a"} 2"#, #"state{endpoint="b"} 1"#]
    )
    second.destroy()
    #expect(lines(self.registry, of: "state") == [#"state{endpoint="b"} 1"#])
    let again = Meter(label: "state", dimensions: labels, factory: self.registry)
    again.set(3)
    #expect(lines(self.registry, of: "state").first == #"state{endpoint="a"} 3"#)
    let gauge = Gauge(label: "size", factory: self.registry)
    gauge.record(1)
    gauge.destroy()
    #expect(lines(self.registry, of: "size").isEmpty)
    let counter = Counter(label: "calls_total", factory: self.registry)
    counter.increment()
    counter.destroy()
    #expect(lines(self.registry, of: "calls_total") == ["calls_total 1"])
  }

  @Test func `a value at a bound belongs to that bound's bucket`() {
    let timer = Timer(label: "time_seconds", factory: self.registry)
    for nanoseconds in [5_000_000, 5_000_001, 60_000_000_000, 60_000_000_001] {
      timer.recordNanoseconds(Int64(nanoseconds))
    }
    let lines = lines(self.registry, of: "time_seconds")
    #expect(lines.first == #"time_seconds_bucket{le="0.005"} 1"#)
    #expect(lines[1] == #"time_seconds_bucket{le="0.01"} 2"#)
    #expect(lines.contains(#"time_seconds_bucket{le="20.0"} 2"#))
    #expect(lines.contains(#"time_seconds_bucket{le="60.0"} 3"#))
    #expect(lines.contains(#"time_seconds_bucket{le="+Inf"} 4"#))
    #expect(lines.contains("time_seconds_count 4"))
    #expect(lines.count == 16 + 3)
  }

  @Test(arguments: [("a_bytes", "64.0"), ("token_usage", "1.0"), ("a_seconds", "0.005")])
  func `a recorder's buckets fit its unit`(label: String, first: String) {
    Recorder(label: label, factory: self.registry).record(1)
    #expect(lines(self.registry, of: label).first?.contains(#"le="\#(first)""#) == true)
  }

  @Test func `what is not finite is not recorded`() {
    let recorder = Recorder(label: "size_bytes", factory: self.registry)
    recorder.record(Double.nan)
    recorder.record(Double.infinity)
    #expect(lines(self.registry, of: "size_bytes_count") == ["size_bytes_count 0"])
  }

  @Test func `series beyond the bound are counted together`() {
    for number in 1...10 {
      Counter(label: "calls_total", dimensions: [("method", "\(number)")], factory: self.registry)
        .increment()
    }
    #expect(
      lines(self.registry, of: "calls_total") == [
        #"calls_total{method="1"} 1"#, #"calls_total{method="2"} 1"#,
        #"calls_total{method="3"} 1"#, #"calls_total{method="_OTHER"} 7"#,
      ]
    )
  }

  @Test func `a name of two kinds keeps its first`() {
    Counter(label: "calls_total", factory: self.registry).increment()
    Timer(label: "calls_total", factory: self.registry).recordNanoseconds(1)
    #expect(lines(self.registry, of: "calls_total") == ["calls_total 1"])
  }

  @Test func `names and labels become what Prometheus allows`() {
    Gauge(
      label: "9.odd-näme",
      dimensions: [("a.b", "line\nwith \"quotes\" and \\")],
      factory: self.registry
    ).record(1)
    #expect(
      lines(self.registry, of: "_9") == [
        #"_9_odd_n_me{a_b="line\nwith \"quotes\" and \\"} 1"#
      ]
    )
  }

  @Test func `tell of the process`() {
    let text = self.registry.text(.prometheus)
    for name in [
      "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
      "process_max_fds", "process_start_time_seconds", "process_threads",
    ] {
      let value = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }?
        .split(separator: " ").last.flatMap { Double($0) }
      #expect((value ?? -1) >= 0, "\(name)")
    }
  }

  @Test(arguments: [
    (nil, MetricsFormat.prometheus), ("*/*", .prometheus),
    ("text/plain;version=0.0.4", .prometheus),
    ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2", .openMetrics),
    ("application/openmetrics-text; q=0, text/plain", .prometheus),
  ])
  func `come in the format that is asked for`(accept: String?, format: MetricsFormat) {
    #expect(MetricsFormat(accept: accept) == format)
  }

  @Test func `of several threads are all counted`() async {
    let registry = self.registry
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let timer = Timer(label: "time_seconds", factory: registry)
          for _ in 0..<1000 { timer.recordNanoseconds(1) }
        }
      }
    }
    #expect(lines(registry, of: "time_seconds_count") == ["time_seconds_count 8000"])
  }
}
