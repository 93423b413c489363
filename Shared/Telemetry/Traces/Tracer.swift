import Metrics
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Decides which traces are recorded, and keeps their spans until they are exported.
package final class Tracer: Sendable {
  private struct State {
    var spans: [Span] = []
    var end: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  /// Traces of our own are sampled when 56 bits of their ID are below it.
  private let threshold: UInt64
  private let capacity: Int
  private let dropped = Counter(
    label: "trace_spans_dropped_total",
    dimensions: [("reason", "queue_full")]
  )

  /// - Parameters:
  ///   - ratio: Of the traces that start here, 0...1. Others are recorded when their caller does.
  ///   - capacity: The most spans that wait; further ones are dropped and counted.
  package init(ratio: Double, capacity: Int = 8192) {
    self.threshold = UInt64(min(max(ratio, 0), 1) * Double(1 << 56))
    self.capacity = capacity
  }

  /// The span of a request that came with `parent`, or of a trace that starts here.
  ///
  /// What isn't sampled has no span of its own: its callees continue where its caller was.
  package func span(
    _ name: String,
    _ kind: Span.Kind,
    continuing parent: TraceContext?
  ) -> OpenSpan {
    let context: TraceContext
    if let parent {
      context = parent.isSampled ? parent.child : parent
    } else {
      context = TraceContext.start { $0 < self.threshold }
    }
    return OpenSpan(context: context, parent: parent, name: name, kind: kind, tracer: self)
  }

  func record(_ span: Span) {
    let isRoom = self.state.withLock { state in
      guard state.spans.count < self.capacity, state.end == nil else { return false }
      state.spans.append(span)
      return true
    }
    if !isRoom { self.dropped.increment() }
  }

  /// Ends the export once every span so far was sent or given up.
  package func finish() {
    let now = ContinuousClock.now
    self.state.withLock { $0.end = $0.end ?? now }
  }

  /// When it was finished.
  var end: ContinuousClock.Instant? { self.state.withLock { $0.end } }

  var isFinished: Bool { self.end != nil }

  var count: Int { self.state.withLock { $0.spans.count } }

  /// The spans that have waited longest, which are the taker's now.
  package func take(atMost count: Int) -> [Span] {
    self.state.withLock { state in
      let taken = Array(state.spans.prefix(count))
      state.spans.removeFirst(taken.count)
      return taken
    }
  }
}

/// A piece of work that goes on.
package struct OpenSpan: Sendable {
  package let context: TraceContext
  private let parent: TraceContext?
  private let name: String
  private let kind: Span.Kind
  private let tracer: Tracer?
  /// Nanoseconds since 1970; 0 when nothing is recorded.
  private let start: UInt64

  /// Work inside of a trace that this process does not record.
  package init(unrecorded context: TraceContext) {
    self.context = context
    self.parent = nil
    self.name = ""
    self.kind = .server
    self.tracer = nil
    self.start = 0
  }

  fileprivate init(
    context: TraceContext,
    parent: TraceContext?,
    name: String,
    kind: Span.Kind,
    tracer: Tracer
  ) {
    self.context = context
    self.parent = parent
    self.name = name
    self.kind = kind
    self.tracer = context.isSampled ? tracer : nil
    self.start = context.isSampled ? Self.now() : 0
  }

  /// Whether an exporter will see it.
  package var isRecorded: Bool { self.tracer != nil }

  /// A call made for this work.
  package func calling(_ name: String) -> OpenSpan {
    self.tracer?.span(name, .client, continuing: self.context) ?? self
  }

  /// Ends the work.
  ///
  /// - Parameters:
  ///   - duration: How long it took.
  ///   - failure: Why it failed, in a word, or `nil`.
  ///   - attributes: Asked for only when the span is recorded.
  package func end(
    after duration: Duration,
    failure: String?,
    _ attributes: @autoclosure () -> [Span.Attribute]
  ) {
    guard let tracer = self.tracer else { return }
    tracer.record(
      Span(
        context: self.context,
        parent: self.parent,
        name: self.name,
        kind: self.kind,
        start: self.start,
        duration: duration,
        attributes: attributes(),
        failure: failure
      )
    )
  }

  private static func now() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }
}
