import JWTKit

/// What a token says, as far as it is read here.
struct Claims: JWTPayload, Sendable {
  var sub: String?
  var iss: String?
  var aud: [String]
  /// Seconds since 1970; a token without an end is not taken.
  var exp: Double
  var nbf: Double?
  var scopes: Set<Scope>

  enum CodingKeys: String, CodingKey {
    case sub, iss, aud, exp, nbf, scope, scp
  }

  init(from decoder: any Decoder) throws {
    let claims = try decoder.container(keyedBy: CodingKeys.self)
    self.sub = try claims.decodeIfPresent(String.self, forKey: .sub)
    self.iss = try claims.decodeIfPresent(String.self, forKey: .iss)
    self.exp = try claims.decode(Double.self, forKey: .exp)
    self.nbf = try claims.decodeIfPresent(Double.self, forKey: .nbf)
    self.aud = Self.list(.aud, in: claims)
    // Issuers write a text with spaces or a list, under either name.
    let words = (Self.list(.scope, in: claims) + Self.list(.scp, in: claims))
      .flatMap { $0.split(separator: " ") }
    self.scopes = Set(words.compactMap { Scope(rawValue: String($0)) })
  }

  private static func list(
    _ key: CodingKeys,
    in claims: KeyedDecodingContainer<CodingKeys>
  ) -> [String] {
    if let one = try? claims.decode(String.self, forKey: key) { return [one] }
    return (try? claims.decode([String].self, forKey: key)) ?? []
  }

  func encode(to encoder: any Encoder) throws {
    var claims = encoder.container(keyedBy: CodingKeys.self)
    try claims.encodeIfPresent(self.sub, forKey: .sub)
    try claims.encodeIfPresent(self.iss, forKey: .iss)
    try claims.encode(self.aud, forKey: .aud)
    try claims.encode(self.exp, forKey: .exp)
    try claims.encodeIfPresent(self.nbf, forKey: .nbf)
    try claims.encode(self.scopes.map(\.rawValue), forKey: .scope)
  }

  /// Checked by `Tokens`, which knows the clock and the rules.
  func verify(using algorithm: some JWTAlgorithm) async throws {}
}
