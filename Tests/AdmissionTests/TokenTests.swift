import Foundation
import HTTPMessage
import JWTKit
import RPC
import Testing

@testable import Admission

@Suite struct `Signed tokens` {
  private static let secret = "a secret of at least 32 bytes, as asked"

  private static func claims(_ change: (inout [String: Any]) -> Void = { _ in }) -> Claims {
    var object: [String: Any] = [
      "sub": "alice", "iss": "https://issuer", "aud": ["netflixgpt", "other"],
      "exp": Date.now.timeIntervalSince1970 + 600, "scope": "read critical openid",
    ]
    change(&object)
    let data = (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
    do { return try JSONDecoder().decode(Claims.self, from: data) } catch {
      Issue.record(error)
      return self.claims()
    }
  }

  private static func tokens(
    _ keys: [VerificationKey]? = nil,
    issuer: String? = "https://issuer",
    audience: String? = "netflixgpt"
  ) async throws -> Tokens {
    let shared = try await VerificationKey.shared(secret: Self.secret)
    return Tokens(
      keys ?? [shared],
      Tokens.Rules(issuer: issuer, audience: audience, clockSkew: .seconds(60))
    )
  }

  private static func signed(_ claims: Claims, secret: String = Self.secret) async throws -> String
  {
    try await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
      .sign(claims)
  }

  @Test func `say who is calling and what they may do`() async throws {
    let tokens = try await Self.tokens()
    let token = try await Self.signed(Self.claims())
    for _ in 0..<2 {
      let caller = try tokens.caller(presenting: token)
      #expect(caller.name == "token:alice")
      #expect(caller.scopes == [.read, .critical])
    }
  }

  @Test func `hold until their end, and the clocks may differ by the skew`() async throws {
    let tokens = try await Self.tokens()
    let end = Date.now.timeIntervalSince1970.rounded()
    let token = try await Self.signed(
      Self.claims {
        $0["exp"] = end
        $0["nbf"] = end - 100
      }
    )
    let at = { (seconds: Double) in Date(timeIntervalSince1970: end + seconds) }
    #expect(throws: Tokens.Problem.notYetValid) {
      try tokens.caller(presenting: token, now: at(-161))
    }
    #expect(throws: Never.self) { try tokens.caller(presenting: token, now: at(-160)) }
    #expect(throws: Never.self) { try tokens.caller(presenting: token, now: at(59)) }
    #expect(throws: Tokens.Problem.expired) { try tokens.caller(presenting: token, now: at(60)) }
  }

  @Test func `of another issuer, for another audience or of another secret are not taken`()
    async throws
  {
    let tokens = try await Self.tokens()
    let foreign = try await Self.signed(Self.claims { $0["iss"] = "https://other" })
    #expect(throws: Tokens.Problem.wrongIssuer) { try tokens.caller(presenting: foreign) }
    let elsewhere = try await Self.signed(Self.claims { $0["aud"] = "elsewhere" })
    #expect(throws: Tokens.Problem.wrongAudience) { try tokens.caller(presenting: elsewhere) }
    let forged = try await Self.signed(
      Self.claims(),
      secret: "another secret of at least 32 bytes, too"
    )
    #expect(throws: Tokens.Problem.untrusted) { try tokens.caller(presenting: forged) }
  }

  @Test(arguments: ["a.b.c", "..", "e30.e30.", "not a token"])
  func `that are none are not taken`(token: String) async throws {
    let tokens = try await Self.tokens()
    #expect(throws: Tokens.Problem.malformed) { try tokens.caller(presenting: token) }
  }

  @Test func `without an algorithm are not taken`() async throws {
    let tokens = try await Self.tokens()
    let parts = try await Self.signed(Self.claims()).split(separator: ".")
    let header = Data(#"{"alg":"none","typ":"JWT"}"#.utf8).base64EncodedString()
      .replacing("=", with: "")
    #expect(throws: Tokens.Problem.untrusted) {
      try tokens.caller(presenting: "\(header).\(parts[1]).")
    }
  }

  @Test func `are checked by the public keys of a set, each by its own algorithm`() async throws {
    let key = ES256PrivateKey()
    let parameters = try #require(key.publicKey.parameters)
    let encode = { (text: String) in
      text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
    let jwks = """
      {"keys":[{"kty":"EC","crv":"P-256","kid":"one","use":"sig",
      "x":"\(encode(parameters.x))","y":"\(encode(parameters.y))"}]}
      """
    let keys = try await VerificationKey.read(jwks: Array(jwks.utf8))
    #expect(keys.map(\.identifier) == ["one"])
    let tokens = try await Self.tokens(keys)
    let signer = await JWTKeyCollection().add(ecdsa: key, kid: "one")
    let token = try await signer.sign(Self.claims(), kid: "one")
    #expect(try tokens.caller(presenting: token).name == "token:alice")
    let other = await JWTKeyCollection().add(ecdsa: ES256PrivateKey(), kid: "one")
    let forged = try await other.sign(Self.claims(), kid: "one")
    #expect(throws: Tokens.Problem.untrusted) { try tokens.caller(presenting: forged) }
    // The public key as the secret of another algorithm: a classic.
    let confused = try await JWTKeyCollection()
      .add(hmac: HMACKey(from: parameters.x), digestAlgorithm: .sha256, kid: "one")
      .sign(Self.claims(), kid: "one")
    #expect(throws: Tokens.Problem.untrusted) { try tokens.caller(presenting: confused) }
  }

  @Test func `need a secret of 32 bytes`() async throws {
    await #expect(throws: AdmissionProblem.self) {
      try await VerificationKey.shared(secret: String(repeating: "x", count: 31))
    }
    _ = try await VerificationKey.shared(secret: String(repeating: "x", count: 32))
  }

  @Test func `are taken beside keys by a server, which tells what is wrong with one`()
    async throws
  {
    var configuration = AdmissionControl.Configuration()
    configuration.tokenSecret = Self.secret
    let server = try await GuardedServer(configuration)
    let token = try await Self.signed(Self.claims())
    let good = await server.call(GuardedServer.readPath, ["authorization": "Bearer \(token)"])
    #expect(good.status == 200)
    let late = try await Self.signed(Self.claims { $0["exp"] = 1000 })
    let bad = await server.call(GuardedServer.readPath, ["authorization": "Bearer \(late)"])
    #expect(bad.status == 401)
    #expect(bad.text.contains("EXPIRED_TOKEN"))
    #expect(bad.fields["www-authenticate"]?.contains("invalid_token") == true)
  }

  @Test func `do not stand in the way of a key that has two dots`() async throws {
    try await withFile("shop \(hex("shop.v1.key")) read") { path, _ in
      var configuration = AdmissionControl.Configuration()
      configuration.keysFile = path
      configuration.tokenSecret = Self.secret
      let server = try await GuardedServer(configuration)
      let fields: HeaderFields = ["authorization": "Bearer shop.v1.key"]
      #expect(await server.call(GuardedServer.readPath, fields).status == 200)
      #expect(server.records.all.map(\.caller) == ["key:shop"])
      let unknown = await server.call(GuardedServer.readPath, ["x-api-key": "shop.v2.key"])
      #expect(unknown.text.contains("MALFORMED_TOKEN"))
    }
  }
}
