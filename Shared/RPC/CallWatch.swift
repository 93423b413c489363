import HTTPMessage
import Telemetry

/// What is measured of a request from its arrival to its end.
struct CallWatch {
  /// `nil` for a page.
  private let method: MethodMetrics?
  private let span: OpenSpan?

  /// Begins to watch, and gives the request the span that its own calls belong to.
  init(of target: Target?, on server: RPCServer, _ fields: inout CallFields) {
    switch target {
    case .page: self.method = nil
    case .method(let endpoint):
      self.method = server.metrics.method(endpoint.path)
      if let tracer = server.tracer {
        fields.span = tracer.span(
          String(endpoint.path.dropFirst()),
          .server,
          continuing: fields.trace
        )
      } else {
        fields.span = fields.trace.map { OpenSpan(unrecorded: $0) }
      }
    case nil: self.method = server.metrics.method(MethodMetrics.other)
    }
    self.span = fields.span
    self.method?.began()
  }

  fileprivate func end(_ record: CallRecord, on server: RPCServer) {
    if let method = self.method {
      method.ended(record)
    } else {
      server.metrics.pageServed(record)
    }
    self.span?.end(after: record.duration, failure: record.serverFailure, record.attributes)
  }
}

extension RPCServer {
  /// Ends what `watch` began, and tells whoever observes.
  func finish(_ watch: CallWatch, _ record: CallRecord) {
    watch.end(record, on: self)
    self.observe(record)
  }
}

extension CallRecord {
  /// Why the call failed where that is the server's doing, as its span tells it.
  ///
  /// Source: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
  fileprivate var serverFailure: String? {
    switch self.code {
    case .unknown, .deadlineExceeded, .unimplemented, .internal, .unavailable, .dataLoss:
      self.code?.name
    default: nil
    }
  }

  fileprivate var attributes: [Span.Attribute] {
    var attributes: [Span.Attribute] = [
      .text("rpc.system.name", "connectrpc"),
      .text("rpc.method", String(self.method.dropFirst())),
      .text("rpc.status_code", self.code?.name ?? "ok"),
      .integer("http.response.status_code", self.status),
      .text("network.protocol.version", self.httpVersion.rawValue),
      .text("netflixgpt.request_id", self.requestID),
    ]
    if let type = self.failure ?? self.serverFailure {
      attributes.append(.text("error.type", type))
    }
    return attributes
  }
}
