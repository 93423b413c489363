import HTTPMessage
package import Telemetry

/// What is measured of a request from its arrival to its end.
package struct CallWatch: Sendable {
  /// What the request's own calls belong to, or `nil` outside of any trace.
  package let span: OpenSpan?
  private static let health = "/\(HealthMethods.check.service)/"

  /// `nil` for a page.
  private let method: MethodMetrics?

  /// Begins to watch a request, which must end with a `CallRecord`.
  init(of target: Target?, on server: RPCServer, _ trace: TraceContext?) {
    switch target {
    case .page:
      self.method = nil
      self.span = nil
    case .method(let endpoint):
      self.method = server.metrics.method(endpoint.path)
      self.span = Self.span(of: endpoint.path, server.tracer, trace)
    case .stream(let endpoint):
      self.method = server.metrics.method(endpoint.path)
      self.span = Self.span(of: endpoint.path, server.tracer, trace)
    case nil:
      self.method = server.metrics.method(MethodMetrics.other)
      self.span = nil
    }
    self.method?.began()
  }

  private static func span(
    of path: String,
    _ tracer: Tracer?,
    _ trace: TraceContext?
  ) -> OpenSpan? {
    guard let tracer else { return trace.map { OpenSpan(unrecorded: $0) } }
    // Probes come all the time, and start no traces.
    guard trace != nil || !path.hasPrefix(Self.health) else { return nil }
    return tracer.span(String(path.dropFirst()), .server, continuing: trace)
  }

  fileprivate func end(_ record: CallRecord, _ metrics: ServerMetrics) {
    if let method = self.method {
      method.ended(record)
    } else {
      metrics.pageServed(record)
    }
    self.span?.end(after: record.duration, failure: record.serverFailure, record.attributes)
  }
}

extension ServerMetrics {
  /// Counts a request that has ended, be it with an answer, a refusal or nothing.
  func ended(_ record: CallRecord) {
    if let watch = record.watch {
      watch.end(record, self)
    } else if record.method != MethodMetrics.other {
      let method = self.method(record.method)
      method.began()
      method.ended(record)
    }
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
