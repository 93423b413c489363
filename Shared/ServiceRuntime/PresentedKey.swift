package import HTTPMessage

/// A client that shows `key` with each request; the client itself where there is none.
package func presenting(_ key: String?, to send: @escaping HTTPHandler) -> HTTPHandler {
  guard let key else { return send }
  return { request in
    var request = request
    request.fields["authorization"] = "Bearer \(key)"
    return try await send(request)
  }
}
