import Crypto
package import HTTPMessage

/// Where a vendor's API answers, and the key to it.
package struct VendorEndpoint: Sendable, CustomStringConvertible, CustomReflectable {
  /// Why a base URL can't be used.
  package struct MalformedBaseURL: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// How the key travels.
  package enum KeyField: Sendable, Hashable {
    /// `authorization: Bearer KEY`.
    case bearer
    /// A field of its own, by its lower-case name.
    case named(String)
  }

  private let scheme: String
  private let authority: String
  /// Without a slash at its end: "/v1".
  private let prefix: String
  private let query: String
  private let keyField: HeaderFields.Field?
  private let extraFields: HeaderFields

  /// Takes a base URL apart.
  ///
  /// - Parameters:
  ///   - baseURL: As in "https://api.openai.com/v1", with any path.
  ///   - key: `nil` or empty for servers that need none.
  ///   - field: How the key travels.
  ///   - query: Added to every target, as in "api-version=2024-10-21".
  ///   - extraFields: Sent with every request.
  /// - Throws: `MalformedBaseURL`, which never shows the key.
  package init(
    baseURL: String,
    key: String?,
    field: KeyField = .bearer,
    query: String = "",
    extraFields: HeaderFields = [:]
  ) throws(MalformedBaseURL) {
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
    self.query = query.isEmpty ? "" : "?\(query)"
    self.extraFields = extraFields
    self.keyField = key.flatMap { key in
      guard !key.isEmpty else { return nil }
      return switch field {
      case .bearer: HeaderFields.Field(name: "authorization", value: "Bearer \(key)")
      case .named(let name): HeaderFields.Field(name: name, value: key)
      }
    }
    guard !self.authority.isEmpty else { throw MalformedBaseURL(description: "names no host") }
    guard !rest.contains(where: { $0.isWhitespace || "@?#".contains($0) }) else {
      throw MalformedBaseURL(description: "must be a host and a path, without user, query or space")
    }
  }

  /// A digest of host and path, which tells servers apart without telling where they are.
  ///
  /// - Parameter own: The vendor's base URL.
  /// - Returns: 16 hexadecimal digits; `nil` when the base URL is the vendor's.
  func place(unless own: String) -> String? {
    let place = "\(self.scheme)://\(self.authority.lowercased())\(self.prefix)"
    guard place != own else { return nil }
    return SHA256.hash(data: Array(place.utf8)).prefix(8).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count < 2 ? "0\(digits)" : digits
    }.joined()
  }

  /// A request that carries JSON to `path`, as in "/chat/completions".
  func post(_ path: String, _ body: JSONValue) -> HTTPRequest {
    var request = self.get(path)
    request.method = "POST"
    request.fields.append("content-type", "application/json")
    request.body = body.bytes
    return request
  }

  /// A request for what is at `path`.
  func get(_ path: String) -> HTTPRequest {
    var request = HTTPRequest(
      method: "GET",
      scheme: self.scheme,
      authority: self.authority,
      target: self.prefix + path + self.query,
      fields: self.extraFields
    )
    request.fields.append("accept", "application/json")
    if let field = self.keyField { request.fields[field.name] = field.value }
    return request
  }

  /// Without the key.
  package var description: String { "\(self.scheme)://\(self.authority)\(self.prefix)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
