import HTTPMessage

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
  var traceparent: String?
  /// Whether unknown fields are errors, by `Prefer: handling=strict`.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc7240#section-4.4
  var isStrict = false

  init(_ fields: HeaderFields) {
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
      case "traceparent" where Self.isTraceparent(field.value): self.traceparent = field.value
      case "prefer" where Self.names("handling=strict", in: field.value): self.isStrict = true
      default: continue
      }
    }
    if self.requestID.isEmpty { self.requestID = RequestID.make() }
  }

  /// Whether a comma-separated list has a member, in any case, without a weight of zero.
  static func names(_ member: String, in list: String) -> Bool {
    list == member
      || list.split(separator: ",").contains { element in
        let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
        guard let name = parts.first, name.lowercased() == member else { return false }
        return !parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
      }
  }

  /// Whether a value has the length and the alphabet of version 0.
  ///
  /// Source: https://www.w3.org/TR/trace-context/#traceparent-header
  private static func isTraceparent(_ value: String) -> Bool {
    value.utf8.count == 55
      && value.utf8.allSatisfy {
        $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}
