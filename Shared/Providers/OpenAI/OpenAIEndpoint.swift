import HTTPMessage

/// Where a server that speaks OpenAI's API listens, and the key to it.
package struct OpenAIEndpoint: Sendable, CustomStringConvertible, CustomReflectable {
  /// Why a base URL can't be used.
  package struct MalformedBaseURL: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  private let scheme: String
  private let authority: String
  /// Without a slash at its end: "/v1".
  private let prefix: String
  private let key: String?

  /// Takes a base URL apart.
  ///
  /// - Parameters:
  ///   - baseURL: As in "https://api.openai.com/v1", with any path.
  ///   - key: Sent as a bearer token; `nil` or empty for servers that need none.
  /// - Throws: `MalformedBaseURL`, which never shows the key.
  package init(baseURL: String, key: String?) throws(MalformedBaseURL) {
    guard let scheme = ["http", "https"].first(where: { baseURL.starts(with: $0 + "://") }) else {
      throw MalformedBaseURL(description: "must begin with http:// or https://")
    }
    let rest = baseURL.dropFirst(scheme.count + 3)
    let path = rest.firstIndex(of: "/") ?? rest.endIndex
    self.scheme = scheme
    self.authority = String(rest[..<path])
    var prefix = rest[path...]
    while prefix.last == "/" { prefix.removeLast() }
    self.prefix = String(prefix)
    self.key = key.flatMap { $0.isEmpty ? nil : $0 }
    guard !self.authority.isEmpty else { throw MalformedBaseURL(description: "names no host") }
    guard !rest.contains(where: { $0.isWhitespace || "@?#".contains($0) }) else {
      throw MalformedBaseURL(description: "must be a host and a path, without user, query or space")
    }
  }

  /// Host and path, as in "127.0.0.1:11434/v1"; `nil` when they are OpenAI's own.
  var place: String? {
    let place = self.authority.lowercased() + self.prefix
    return self.scheme == "https" && place == "api.openai.com/v1" ? nil : place
  }

  /// A request that carries JSON to `path`, as in "/chat/completions".
  func post(_ path: String, body: [UInt8]) -> HTTPRequest {
    var request = HTTPRequest(
      method: "POST",
      scheme: self.scheme,
      authority: self.authority,
      target: self.prefix + path,
      fields: ["content-type": "application/json", "accept": "application/json"],
      body: body
    )
    if let key = self.key { request.fields["authorization"] = "Bearer \(key)" }
    return request
  }

  /// Without the key.
  package var description: String { "\(self.scheme)://\(self.authority)\(self.prefix)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
