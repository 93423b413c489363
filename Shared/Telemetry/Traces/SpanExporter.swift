package import HTTPMessage
import JSONText
import Metrics

/// Sends the spans of a tracer to a collector by OTLP over HTTP, as JSON.
///
/// Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
package struct SpanExporter: Sendable {
  private let tracer: Tracer
  private let request: HTTPRequest
  private let resource: [Span.Attribute]
  private let send: HTTPHandler
  private let exported = Counter(label: "trace_spans_exported_total")
  private let refused: Counter
  private let unreachable: Counter

  private static let batch = 512
  private static let interval = Duration.seconds(1)
  /// How often spans are looked for.
  private static let pause = Duration.milliseconds(100)
  private static let timeout = Duration.seconds(10)
  /// For all that is left when the service ends, from then on.
  private static let lastTimeout = Duration.seconds(2)
  private static let maxAttempts = 5

  /// - Parameters:
  ///   - tracer: Whose spans are sent.
  ///   - endpoint: As in "http://127.0.0.1:4318" or "https://host/prefix"; "/v1/traces" is added.
  ///   - fields: Sent with each request, as for a collector that wants a key.
  ///   - service: Who made the spans.
  ///   - send: The client.
  package init(
    tracer: Tracer,
    endpoint: String,
    fields: HeaderFields,
    service: String,
    send: @escaping HTTPHandler
  ) {
    self.tracer = tracer
    self.send = send
    self.resource = [.text("service.name", service)]
    let parts = endpoint.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    var all = fields
    all["content-type"] = "application/json"
    self.request = HTTPRequest(
      method: "POST",
      scheme: endpoint.hasPrefix("https:") ? "https" : "http",
      authority: parts.count > 2 ? String(parts[2]) : "",
      target: (parts.count > 3 ? "/\(parts[3])" : "") + "/v1/traces",
      fields: all
    )
    func dropped(_ reason: String) -> Counter {
      Counter(label: "trace_spans_dropped_total", dimensions: [("reason", reason)])
    }
    self.refused = dropped("refused")
    self.unreachable = dropped("unreachable")
  }

  /// Sends spans until the tracer is finished, then what is left, once, and as far as two seconds
  /// reach; the rest is dropped.
  package func run() async {
    var last = ContinuousClock.now
    while true {
      let isFinished = self.tracer.isFinished
      let count = self.tracer.count
      if count >= Self.batch || count > 0 && (isFinished || .now - last >= Self.interval) {
        last = .now
        await self.export(self.tracer.take(atMost: Self.batch))
      } else if isFinished {
        return
      } else {
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  private enum Outcome {
    case taken
    case refused
    /// Worth another attempt.
    case failed(after: Duration?)
  }

  private func export(_ spans: [Span]) async {
    guard !self.isOver else { return self.unreachable.increment(by: spans.count) }
    var request = self.request
    request.body = Array(Span.message(spans, resource: self.resource).text.utf8)
    var pause = Duration.seconds(1)
    for attempt in 1...Self.maxAttempts {
      switch await self.outcome(of: request) {
      case .taken: return self.exported.increment(by: spans.count)
      case .refused: return self.refused.increment(by: spans.count)
      case .failed(let wait):
        guard attempt < Self.maxAttempts, await self.waits(min(wait ?? pause, .seconds(60))) else {
          return self.unreachable.increment(by: spans.count)
        }
        pause *= 2
      }
    }
  }

  /// When the last of the time for what is left ends, once the tracer is finished.
  private var lastEnd: ContinuousClock.Instant? { self.tracer.end.map { $0 + Self.lastTimeout } }

  private var isOver: Bool { self.lastEnd.map { $0 <= ContinuousClock.now } ?? false }

  /// Whether the pause went by without the end of the service.
  private func waits(_ pause: Duration) async -> Bool {
    let end = ContinuousClock.now + pause
    while ContinuousClock.now < end {
      guard !self.tracer.isFinished else { return false }
      try? await Task.sleep(for: min(Self.pause, end - .now))
    }
    return !self.tracer.isFinished
  }

  /// Returns when a request has had its time, which the end of the service may cut short.
  private func timeLimit() async {
    let end = ContinuousClock.now + Self.timeout
    while !Task.isCancelled {
      let rest = min(end, self.lastEnd ?? end) - ContinuousClock.now
      guard rest > .zero else { return }
      try? await Task.sleep(for: min(Self.pause, rest))
    }
  }

  private func outcome(of request: HTTPRequest) async -> Outcome {
    let send = self.send
    let response = await withTaskGroup(of: HTTPResponse?.self) { group in
      group.addTask { try? await send(request) }
      group.addTask {
        await self.timeLimit()
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
    switch response?.status {
    case let status? where (200..<300).contains(status): return .taken
    case 429, 502, 503, 504:
      let seconds = response?.fields["retry-after"].flatMap { Int($0) }
      return .failed(after: seconds.map { .seconds(min(max($0, 0), 3600)) })
    case nil: return .failed(after: nil)
    default: return .refused
    }
  }
}
