import HTTPMessage
import Telemetry

/// The header fields that steer a call, found in one pass.
struct CallFields {
  var contentType: String?
  var accept: String?
  /// In lower case, as codings are compared in any; `nil` for identity.
  var contentEncoding: String?
  /// `nil` when the request does not say.
  var acceptsGzip: Bool?
  /// As `contentEncoding`, for each message of a stream.
  var streamEncoding: String?
  var acceptsStreamGzip = false
  var timeout: String?
  var protocolVersion: String?
  /// The caller's, or one of ours where it has none that is valid.
  var requestID = ""
  /// Where the caller's trace stands.
  var trace: TraceContext?
  /// Once it is known what the request is for.
  var watch: CallWatch?
  /// What the caller wants to be passed on, as it came.
  ///
  /// Source: https://www.w3.org/TR/baggage/
  var baggage: String?
  /// Whether unknown fields are errors, by `Prefer: handling=strict`.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc7240#section-4.4
  var isStrict = false

  init(_ fields: HeaderFields) {
    var traceparent: String?
    var tracestate: String?
    for field in fields.fields {
      switch field.name {
      case "content-type": self.contentType = self.contentType ?? field.value
      case "content-encoding":
        let coding = field.value.lowercased()
        if coding != "identity" { self.contentEncoding = coding }
      case "accept-encoding":
        self.acceptsGzip = (self.acceptsGzip ?? false) || Self.names("gzip", in: field.value)
      case "accept": self.accept = self.accept.map { "\($0),\(field.value)" } ?? field.value
      case "connect-content-encoding":
        let coding = field.value.lowercased()
        if coding != "identity" { self.streamEncoding = coding }
      case "connect-accept-encoding":
        self.acceptsStreamGzip = self.acceptsStreamGzip || Self.names("gzip", in: field.value)
      case "connect-timeout-ms": self.timeout = field.value
      case "connect-protocol-version": self.protocolVersion = field.value
      case "x-request-id" where RequestID.isValid(field.value): self.requestID = field.value
      case "traceparent": traceparent = traceparent ?? field.value
      case "tracestate": tracestate = tracestate.map { "\($0),\(field.value)" } ?? field.value
      case "baggage" where field.value.utf8.count <= Self.maxBaggageBytes:
        self.baggage = field.value
      case "prefer" where Self.names("handling=strict", in: field.value): self.isStrict = true
      default: continue
      }
    }
    if let traceparent {
      self.trace = TraceContext(traceparent: traceparent, tracestate: tracestate)
    }
    if self.requestID.isEmpty { self.requestID = RequestID.make() }
  }

  private static let maxBaggageBytes = 8192

  /// Whether a comma-separated list has a member, in any case, without a weight of zero.
  static func names(_ member: String, in list: String) -> Bool {
    list == member
      || list.split(separator: ",").contains { element in
        let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        guard let name = parts.first, name.lowercased() == member else { return false }
        return !parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
      }
  }
}
