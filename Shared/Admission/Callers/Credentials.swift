import HTTPMessage
import RPC
import Synchronization

/// Finds out who calls, by what their request shows.
final class Credentials: Sendable {
  struct Content: Sendable {
    var keys: APIKeys?
    var tokens: Tokens?

    var asksForSome: Bool { self.keys != nil || self.tokens != nil }
  }

  private let content: Mutex<Content>

  init(_ content: Content) { self.content = Mutex(content) }

  func replace(_ content: Content) { self.content.withLock { $0 = content } }

  /// The caller; throws an `unauthenticated` where credentials are asked for and none is good.
  func caller(of request: HTTPRequest) throws(Refusal) -> Caller {
    let content = self.content.withLock { $0 }
    guard content.asksForSome else {
      return request.clientCertificate.map { Caller(certified: $0.name) }
        ?? Caller(address: request.peer)
    }
    guard let secret = Self.secret(in: request.fields) else { throw .missingCredentials }
    // A key may have dots as well.
    if let caller = content.keys?.caller(presenting: secret) { return caller }
    let looksLikeToken = secret.utf8.count { $0 == UInt8(ascii: ".") } == 2
    if looksLikeToken, let tokens = content.tokens {
      do throws(Tokens.Problem) { return try tokens.caller(presenting: secret) } catch {
        throw .invalidCredentials(reason: error.rawValue)
      }
    }
    throw .invalidCredentials(reason: "UNKNOWN_KEY")
  }

  /// What `authorization` bears; one of another scheme is for a proxy on the way, and says nothing.
  private static func secret(in fields: HeaderFields) -> String? {
    let words = fields["authorization"]?.split(separator: " ", maxSplits: 1) ?? []
    guard let scheme = words.first, scheme.lowercased() == "bearer" else {
      return fields["x-api-key"]
    }
    return words.count == 2 ? String(words[1].drop { $0 == " " }) : nil
  }
}

extension Refusal {
  /// The answer to a caller who showed nothing.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc6750#section-3
  fileprivate static let missingCredentials = Refusal(
    RPCError(
      .unauthenticated,
      "the call needs a key, as Authorization: Bearer or X-Api-Key",
      details: [.errorInfo(reason: "MISSING_CREDENTIALS")]
    ),
    fields: ["www-authenticate": #"Bearer realm="netflixgpt""#]
  )

  fileprivate static func invalidCredentials(reason: String) -> Refusal {
    Refusal(
      RPCError(
        .unauthenticated,
        "the key or token of the call is not valid",
        details: [.errorInfo(reason: reason)]
      ),
      fields: ["www-authenticate": #"Bearer realm="netflixgpt", error="invalid_token""#]
    )
  }

  /// The answer to a caller who may not do this.
  static func missingScope(_ scope: Scope) -> Refusal {
    let challenge = #"Bearer realm="netflixgpt", error="insufficient_scope", scope=""#
    return Refusal(
      RPCError(
        .permissionDenied,
        "the key or token does not have the scope \(scope.rawValue)",
        details: [.errorInfo(reason: "MISSING_SCOPE", metadata: ["scope": scope.rawValue])]
      ),
      fields: ["www-authenticate": challenge + "\(scope.rawValue)\""]
    )
  }
}
