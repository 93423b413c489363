import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@testable import Admission

@Suite struct `A caller` {
  private static func certificate(_ name: String) -> ClientCertificate {
    ClientCertificate(subject: "CN=\(name)", commonName: name, names: [], fingerprint: "00")
  }

  private static func request(from certificate: ClientCertificate?) -> HTTPRequest {
    var request = HTTPRequest(
      method: "POST",
      target: GuardedServer.readPath,
      fields: ["content-type": "application/json"],
      body: Array("{}".utf8)
    )
    request.peer = "192.0.2.1"
    request.clientCertificate = certificate
    return request
  }

  @Test func `is known by its certificate where no keys are asked for`() async throws {
    var configuration = AdmissionControl.Configuration()
    configuration.rates = RatePolicies("read=1/60")
    let server = try await GuardedServer(configuration)
    for (certificate, status) in [
      (Self.certificate("gateway"), 200), (Self.certificate("gateway"), 429),
      (Self.certificate("shop"), 200), (nil, 200),
    ] {
      #expect(await server.server.handle(Self.request(from: certificate)).status == status)
    }
    #expect(
      server.records.all.map(\.caller) == [
        "certificate:gateway", "certificate:gateway", "certificate:shop", "address:192.0.2.1",
      ]
    )
  }

  @Test func `needs a key beside its certificate where keys are asked for`() async throws {
    try await withFile("shop \(hex("key")) read") { path, _ in
      var configuration = AdmissionControl.Configuration()
      configuration.keysFile = path
      let server = try await GuardedServer(configuration)
      var request = Self.request(from: Self.certificate("gateway"))
      #expect(await server.server.handle(request).status == 401)
      request.fields["x-api-key"] = "key"
      #expect(await server.server.handle(request).status == 200)
      #expect(server.records.all.last?.caller == "key:shop")
    }
  }

  @Test func `is in the record of a call that was refused, and so is its trace`() async throws {
    var configuration = AdmissionControl.Configuration()
    configuration.rates = RatePolicies("read=1/60")
    let server = try await GuardedServer(configuration)
    for _ in 0..<2 {
      var request = Self.request(from: Self.certificate("gateway"))
      request.fields["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      _ = server.server.admit(&request)
    }
    var line = ""
    try #require(server.records.all.last).appendMembers(to: &line)
    #expect(line.contains(#""code":"resource_exhausted""#))
    #expect(line.contains(#""caller":"certificate:gateway""#))
    #expect(line.contains(#""traceID":"4bf92f3577b34da6a3ce929d0e0e4736""#))
  }

  @Test func `sees what is for operators with a key alone, where keys are asked for`() async throws
  {
    try await withFile("shop \(hex("key")) read\nwriter \(hex("pen")) write") { path, _ in
      for keysFile in [nil, path] {
        var configuration = AdmissionControl.Configuration()
        configuration.keysFile = keysFile
        let health = Health()
        health.addCheck(name: "catalog") { "the machine at 10.0.0.7 is away" }
        let guarded = try await GuardedServer(configuration, health: health)
        var server = guarded.server
        server.route("/metrics", isForOperators: true) { _ in HTTPResponse(status: 200) }
        func get(_ target: String, key: String? = nil) async -> HTTPResponse {
          var request = HTTPRequest(method: "GET", target: target)
          if let key { request.fields["x-api-key"] = key }
          return await server.handle(request)
        }
        let isOpen = keysFile == nil
        #expect(await get("/metrics").status == (isOpen ? 200 : 401))
        #expect(await get("/metrics", key: "guess").status == (isOpen ? 200 : 401))
        #expect(await get("/metrics", key: "pen").status == (isOpen ? 200 : 403))
        #expect(await get("/metrics", key: "key").status == 200)
        for target in ["/readyz", "/readyz?verbose"] {
          let seen = await get(target)
          #expect(seen.status == 503)
          #expect(seen.text.contains("[-]catalog failed"))
          #expect(seen.text.contains("10.0.0.7") == isOpen)
          #expect(await get(target, key: "key").text.contains("10.0.0.7"))
        }
        #expect(await get("/livez").status == 200)
      }
    }
  }

  @Test func `pays for a batch what its parts cost, and owes what it has not`() async throws {
    var configuration = AdmissionControl.Configuration()
    configuration.rates = RatePolicies("read=10/10")
    let guarded = try await GuardedServer(configuration)
    var server = guarded.server
    server.register(
      RecommendationMethods.batchRecommend,
      cost: { $0.requests.count },
      handler: { _, _ in .init() }
    )
    func batch(of count: Int, from peer: String) async -> HTTPResponse {
      let items = Array(repeating: "{}", count: count).joined(separator: ",")
      var request = HTTPRequest(
        method: "POST",
        target: RecommendationMethods.batchRecommend.path,
        fields: ["content-type": "application/json"],
        body: Array("{\"requests\":[\(items)]}".utf8)
      )
      request.peer = peer
      return await server.handle(request)
    }
    let first = await batch(of: 8, from: "192.0.2.1")
    #expect(first.status == 200)
    #expect(first.fields.values(of: "ratelimit").count == 1)
    #expect(first.fields["ratelimit"]?.hasPrefix(#""read";r=2;"#) == true)
    #expect(await batch(of: 1, from: "192.0.2.1").status == 200)
    // More than a whole window's worth: let in while something is left, and waited for after.
    #expect(await batch(of: 32, from: "192.0.2.2").status == 200)
    let refused = await batch(of: 1, from: "192.0.2.2")
    #expect(refused.status == 429)
    let seconds = try #require(refused.fields["retry-after"].flatMap(Int.init))
    #expect((15...23).contains(seconds))
  }

  @Test func `of any audience is not taken with an issuer's keys unless that is said`() async throws
  {
    let keys = #"""
      {"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","alg":"EdDSA",
      "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
      """#
    try await withFile(keys) { path, _ in
      var configuration = AdmissionControl.Configuration()
      configuration.jwksFile = path
      let refused = configuration
      let problem = await #expect(throws: AdmissionProblem.self) {
        _ = try await AdmissionControl(refused)
      }
      #expect(problem?.description.contains("JWT_AUDIENCE") == true)
      for audience in ["netflixgpt", "*"] {
        configuration.audience = audience
        _ = try await AdmissionControl(configuration)
      }
    }
  }
}
