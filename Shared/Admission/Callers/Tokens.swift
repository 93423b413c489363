import Crypto
import FoundationEssentials
import JWTKit
import RPC
import Synchronization

/// Checks tokens (JWT) that an issuer signed.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7519
final class Tokens: Sendable {
  /// Which tokens are good.
  struct Rules: Sendable {
    /// The claim `iss` must be this; any where `nil`.
    var issuer: String?
    /// The claim `aud` must have this; any where `nil`.
    var audience: String?
    /// How far the clocks of issuer and server may be apart.
    var clockSkew: Duration
  }

  /// Why a token is no good.
  enum Problem: String, Error, Sendable, Hashable {
    case malformed = "MALFORMED_TOKEN"
    case untrusted = "UNTRUSTED_TOKEN"
    case expired = "EXPIRED_TOKEN"
    case notYetValid = "TOKEN_NOT_YET_VALID"
    case wrongIssuer = "WRONG_ISSUER"
    case wrongAudience = "WRONG_AUDIENCE"
  }

  /// Signatures that were checked, by digest of the token: each costs some 100 µs.
  private static let mostKept = 1000

  private let keys: [VerificationKey]
  private let rules: Rules
  private let verified = Mutex<[SHA256Digest: Claims]>([:])

  init(_ keys: [VerificationKey], _ rules: Rules) {
    self.keys = keys
    self.rules = rules
  }

  /// Who the token was made out to; its signature, times, issuer and audience hold.
  func caller(presenting token: String, now: Date = .now) throws(Problem) -> Caller {
    let digest = SHA256.hash(data: Array(token.utf8))
    let claims: Claims
    if let known = self.verified.withLock({ $0[digest] }) {
      claims = known
    } else {
      claims = try self.claims(of: token)
      self.verified.withLock { verified in
        if verified.count >= Self.mostKept { verified.removeAll(keepingCapacity: true) }
        verified[digest] = claims
      }
    }
    try self.check(claims, now)
    // Without a subject, all its holders would share limits and each other's stored responses.
    guard let subject = claims.sub, !subject.isEmpty else { throw .malformed }
    return Caller(known: "token:\(subject)", scopes: claims.scopes, rates: nil)
  }

  private func claims(of token: String) throws(Problem) -> Claims {
    let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let parser = DefaultJWTParser()
    guard parts.count == 3,
      let parsed = try? parser.parse(Array(token.utf8), as: Claims.self)
    else { throw .malformed }
    let signed = Array(token.utf8.prefix(parts[0].count + 1 + parts[1].count))
    let signature = Array(parsed.signature)
    let isTrusted = self.keys.contains { key in
      // A token that names another algorithm than its key's is an attack.
      key.algorithm.name == parsed.header.alg
        && (parsed.header.kid == nil || key.identifier == nil
          || parsed.header.kid == key.identifier)
        && (try? key.algorithm.verify(signature, signs: signed)) == true
    }
    guard isTrusted else { throw .untrusted }
    return parsed.payload
  }

  private func check(_ claims: Claims, _ now: Date) throws(Problem) {
    let skew = self.rules.clockSkew / .seconds(1)
    let seconds = now.timeIntervalSince1970
    guard seconds < claims.exp + skew else { throw .expired }
    guard claims.nbf.map({ seconds >= $0 - skew }) ?? true else { throw .notYetValid }
    guard self.rules.issuer == nil || claims.iss == self.rules.issuer else { throw .wrongIssuer }
    guard self.rules.audience.map({ claims.aud.contains($0) }) ?? true else {
      throw .wrongAudience
    }
  }
}

/// A key that tokens may be signed by.
struct VerificationKey: Sendable {
  /// The `kid` of tokens that it signs; any where `nil`.
  let identifier: String?
  let algorithm: any JWTAlgorithm

  /// The keys of a JSON Web Key Set.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc7517
  static func read(jwks bytes: [UInt8]) async throws(AdmissionProblem) -> [VerificationKey] {
    guard let set = try? JSONDecoder().decode(JWKS.self, from: Data(bytes)), !set.keys.isEmpty
    else { throw AdmissionProblem("the JSON Web Key Set can't be read or is empty") }
    var keys: [VerificationKey] = []
    for var key in set.keys {
      key.algorithm = key.algorithm ?? key.usualAlgorithm
      guard let identifier = key.keyIdentifier, let algorithm = key.algorithm else {
        throw AdmissionProblem("a key of the JSON Web Key Set has no kid or no algorithm")
      }
      do {
        let signer = try await JWTKeyCollection().add(jwk: key)
          .getKey(for: identifier, alg: algorithm.rawValue)
        keys.append(VerificationKey(identifier: identifier.string, algorithm: signer))
      } catch {
        throw AdmissionProblem("the key \(identifier.string) of the JSON Web Key Set is no good")
      }
    }
    return keys
  }

  /// A secret that issuer and server share, for HS256.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc7518#section-3.2 (its least length)
  static func shared(secret: String) async throws(AdmissionProblem) -> VerificationKey {
    guard secret.utf8.count >= 32 else {
      throw AdmissionProblem("the secret of tokens must have 32 bytes or more")
    }
    do {
      let algorithm = try await JWTKeyCollection()
        .add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256).getKey()
      return VerificationKey(identifier: nil, algorithm: algorithm)
    } catch {
      throw AdmissionProblem("the secret of tokens can't be used")
    }
  }
}

extension JWK {
  /// What a key is used for where its set doesn't say.
  fileprivate var usualAlgorithm: Algorithm? {
    switch (self.keyType, self.curve?.rawValue) {
    case (.rsa, _): .rs256
    case (.ecdsa, "P-256"): .es256
    case (.ecdsa, "P-384"): .es384
    case (.ecdsa, "P-521"): .es512
    case (.octetKeyPair, _): .eddsa
    default: nil
    }
  }
}
