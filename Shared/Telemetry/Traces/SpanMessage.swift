import JSONText

extension Span {
  /// An `ExportTraceServiceRequest` as JSON.
  ///
  /// Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
  static func message(_ spans: [Span], resource: [Attribute]) -> JSONValue {
    [
      "resourceSpans": [
        [
          "resource": ["attributes": .array(resource.map(\.json))],
          "scopeSpans": [["scope": ["name": "netflixgpt"], "spans": .array(spans.map(\.json))]],
        ]
      ]
    ]
  }

  private var json: JSONValue {
    let (seconds, attoseconds) = self.duration.components
    let end =
      self.start &+ UInt64(clamping: seconds) &* 1_000_000_000
      &+ UInt64(clamping: attoseconds / 1_000_000_000)
    return .members([
      "traceId": .string(self.context.traceID),
      "spanId": .string(self.context.spanID),
      "traceState": self.context.state.map { .string($0) },
      "parentSpanId": self.parent.map { .string($0.spanID) },
      "name": .string(self.name),
      "kind": .integer(Int64(self.kind.rawValue)),
      "startTimeUnixNano": .string("\(self.start)"),
      "endTimeUnixNano": .string("\(end)"),
      "attributes": .array(self.attributes.map(\.json)),
      "status": self.failure.map { ["code": 2, "message": .string($0)] },
    ])
  }
}

extension Span.Attribute {
  fileprivate var json: JSONValue {
    let value: JSONValue =
      switch self.value {
      case .text(let text): ["stringValue": .string(text)]
      // 64-bit integers are texts in protobuf's JSON.
      case .integer(let number): ["intValue": .string("\(number)")]
      }
    return ["key": .string(self.name), "value": value]
  }
}
