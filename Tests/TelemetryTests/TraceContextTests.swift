import Synchronization
import Testing

@testable import Telemetry

@Suite struct `A trace context` {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let span = "00f067aa0ba902b7"

  @Test(arguments: ["00", "01", "02", "03"])
  func `is written as it was read`(flags: String) throws {
    let text = "00-\(Self.trace)-\(Self.span)-\(flags)"
    let context = try #require(TraceContext(traceparent: text, tracestate: "a=1,b=2"))
    #expect(context.traceparent == text)
    #expect(context.traceID == Self.trace)
    #expect(context.spanID == Self.span)
    #expect(context.state == "a=1,b=2")
    #expect(context.isSampled == (flags == "01" || flags == "03"))
  }

  @Test func `keeps only the flags that are known`() throws {
    let context = try #require(TraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-ff"))
    #expect(context.traceparent.hasSuffix("-03"))
  }

  @Test(arguments: [
    "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-001",
    "00-\(trace)-\(span)-01-", "ff-\(trace)-\(span)-01", "0g-\(trace)-\(span)-01",
    "00-\(trace.uppercased())-\(span)-01", "00_\(trace)_\(span)_01",
    "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
    "01-\(trace)-\(span)-01x", " 00-\(trace)-\(span)-01", "00-\(trace)-\(span)-é1",
  ])
  func `is none where the text is not valid`(text: String) {
    #expect(TraceContext(traceparent: text) == nil)
  }

  @Test func `of a later version is read as far as it is known`() throws {
    let context = try #require(
      TraceContext(traceparent: "cc-\(Self.trace)-\(Self.span)-01-what-comes")
    )
    #expect(context.traceparent == "00-\(Self.trace)-\(Self.span)-01")
  }

  @Test(arguments: [(512, true), (513, false), (0, false)])
  func `passes a state of up to 512 bytes on`(bytes: Int, isKept: Bool) throws {
    let context = try #require(
      TraceContext(
        traceparent: "00-\(Self.trace)-\(Self.span)-01",
        tracestate: String(repeating: "a", count: bytes)
      )
    )
    #expect((context.state != nil) == isKept)
  }

  @Test func `has a child in the same trace`() throws {
    let parent = try #require(
      TraceContext(traceparent: "00-\(Self.trace)-\(Self.span)-01", tracestate: "a=1")
    )
    let child = parent.child
    #expect(child.traceID == Self.trace)
    #expect(child.spanID != Self.span)
    #expect(child.isSampled)
    #expect(child.state == "a=1")
  }
}

@Suite struct `A tracer` {
  private func sampled(ratio: Double, of count: Int) -> Int {
    let tracer = Tracer(ratio: ratio)
    return (0..<count).count { _ in
      tracer.span("a", .server, continuing: nil).context.isSampled
    }
  }

  @Test func `samples none, all, or about the share asked for`() {
    #expect(self.sampled(ratio: 0, of: 1000) == 0)
    #expect(self.sampled(ratio: 1, of: 1000) == 1000)
    // Six standard deviations.
    #expect((2240...2760).contains(self.sampled(ratio: 0.25, of: 10_000)))
  }

  @Test(arguments: [("00", false), ("01", true)])
  func `follows its caller, whatever its own share is`(flags: String, isSampled: Bool) throws {
    let parent = try #require(
      TraceContext(traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-\(flags)")
    )
    let tracer = Tracer(ratio: isSampled ? 0 : 1)
    let span = tracer.span("a", .server, continuing: parent)
    #expect(span.context.isSampled == isSampled)
    #expect(span.context.traceID == parent.traceID)
    #expect(span.isRecorded == isSampled)
    span.end(after: .zero, failure: nil, [])
    #expect(tracer.take(atMost: 10).count == (isSampled ? 1 : 0))
  }

  @Test func `drops what there is no room for`() {
    let tracer = Tracer(ratio: 1, capacity: 2)
    for name in ["a", "b", "c"] {
      tracer.span(name, .server, continuing: nil).end(after: .zero, failure: nil, [])
    }
    #expect(tracer.take(atMost: 10).map(\.name) == ["a", "b"])
  }

  @Test func `does not ask for the attributes of what it does not record`() {
    let span = Tracer(ratio: 0).span("a", .server, continuing: nil)
    let isAsked = Mutex(false)
    func attributes() -> [Span.Attribute] {
      isAsked.withLock { $0 = true }
      return []
    }
    span.end(after: .zero, failure: nil, attributes())
    #expect(!isAsked.withLock { $0 })
  }
}
