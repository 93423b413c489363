package import HTTPMessage

/// Lets pages of other sites call from a browser (CORS).
///
/// Source: https://fetch.spec.whatwg.org/#http-cors-protocol
package struct CrossOrigin: Sendable {
  private let origins: Set<String>
  private let allowsAll: Bool

  /// Reads "*" or origins with commas between them, as in "https://a.example,http://localhost:3000";
  /// `nil` where one is not of the form SCHEME://HOST[:PORT].
  package init?(_ text: String) {
    let origins = text.split(separator: ",").map { String($0.filter { $0 != " " }) }
    self.allowsAll = origins == ["*"]
    self.origins = Set(origins)
    let areOrigins = origins.allSatisfy { origin in
      let parts = origin.split(separator: "/", omittingEmptySubsequences: false)
      return parts.count == 3 && ["http:", "https:"].contains(parts[0]) && parts[1].isEmpty
        && !parts[2].isEmpty
    }
    guard !origins.isEmpty, self.allowsAll || areOrigins else { return nil }
  }

  /// The answer to a browser that asks what it may do, or `nil` for any other request.
  package func preflight(_ request: HTTPRequest) -> HTTPResponse? {
    guard request.method == "OPTIONS", request.fields["access-control-request-method"] != nil,
      let origin = self.allowed(request)
    else { return nil }
    return HTTPResponse(
      status: 204,
      fields: [
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": Self.requestFields,
        "access-control-max-age": "7200",
        "vary": "origin",
      ]
    )
  }

  /// Lets the page that asked read the response.
  package func mark(_ response: inout HTTPResponse, to request: HTTPRequest) {
    guard let origin = self.allowed(request) else { return }
    response.fields.append("access-control-allow-origin", origin)
    response.fields.append("access-control-expose-headers", Self.responseFields)
    if !self.allowsAll { response.fields.append("vary", "origin") }
  }

  private func allowed(_ request: HTTPRequest) -> String? {
    guard let origin = request.fields["origin"] else { return nil }
    if self.allowsAll { return "*" }
    return self.origins.contains(origin) ? origin : nil
  }

  private static let requestFields = [
    "Content-Type", "Connect-Protocol-Version", "Connect-Timeout-Ms", "Authorization", "X-Api-Key",
    "X-Request-Id", "X-Priority", "Idempotency-Key", "Prefer", "traceparent",
  ].joined(separator: ", ")

  private static let responseFields = [
    "X-Request-Id", "Server-Timing", "RateLimit", "RateLimit-Policy", "Retry-After",
    "Retry-After-Ms", "Idempotency-Replayed", "Preference-Applied", "ETag",
  ].joined(separator: ", ")
}
