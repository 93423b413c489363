import HTTPMessage
import RPC
import Testing

@testable import Admission

extension GuardedServer {
  /// Calls Health/Watch as Connect's clients do, or by other header fields.
  func watch(_ fields: HeaderFields = [:]) async -> HTTPResponse {
    await self.server.handle(Self.watching(fields))
  }

  static func watching(_ fields: HeaderFields = [:]) -> HTTPRequest {
    var all: HeaderFields = ["content-type": "application/connect+json"]
    for field in fields.fields { all[field.name] = field.value }
    let isEnveloped = all["content-type"] == "application/connect+json"
    let body = isEnveloped ? [0, 0, 0, 0, 2] + Array("{}".utf8) : Array("{}".utf8)
    var request = HTTPRequest(
      method: "POST",
      target: HealthMethods.watch.path,
      fields: all,
      body: body
    )
    request.peer = "192.0.2.1"
    return request
  }

  static let events: HeaderFields = [
    "content-type": "application/json", "accept": "text/event-stream",
  ]
}

@Suite(.timeLimit(.minutes(1))) struct `A streaming call` {
  private static func guarded(
    most: Int = 1000,
    rates: String? = nil,
    keysFile: String? = nil
  ) async throws -> GuardedServer {
    var configuration = AdmissionControl.Configuration()
    configuration.mostStreams = most
    configuration.rates = rates.flatMap { RatePolicies($0) }
    configuration.keysFile = keysFile
    let health = Health(watchPeriod: .milliseconds(10))
    health.start()
    return try await GuardedServer(configuration, health: health)
  }

  /// The code in the one envelope of a refused stream.
  private static func isRefused(_ response: HTTPResponse, _ code: String) -> Bool {
    response.status == 200 && response.stream == nil && response.body.first == 2
      && response.fields["content-type"] == "application/connect+json"
      && response.text.contains("\"code\":\"\(code)\"")
  }

  @Test func `needs a key where calls do, and a look at health needs none`() async throws {
    try await withFile("shop \(hex("key")) read") { path, _ in
      let server = try await Self.guarded(keysFile: path)
      let refused = await server.watch()
      #expect(Self.isRefused(refused, "unauthenticated"))
      #expect(refused.fields["www-authenticate"] == #"Bearer realm="netflixgpt""#)
      let plain = await server.watch(GuardedServer.events)
      #expect(plain.status == 401)
      #expect(plain.fields["content-type"] == "application/json")
      #expect(await server.call(HealthMethods.list.path).status == 401)
      #expect(await server.call(HealthMethods.check.path).status == 200)
      let known = await server.watch(["x-api-key": "key"])
      #expect(known.status == 200 && known.stream != nil)
      known.stream?.cancel()
    }
  }

  @Test func `is refused at the door in the form it came in`() async throws {
    try await withFile("shop \(hex("key")) read") { path, _ in
      let server = try await Self.guarded(keysFile: path)
      var request = GuardedServer.watching()
      let refused = try #require(server.server.admit(&request))
      #expect(Self.isRefused(refused, "unauthenticated"))
      var other = GuardedServer.watching(GuardedServer.events)
      #expect(server.server.admit(&other)?.status == 401)
      var get = GuardedServer.watching()
      get.method = "GET"
      #expect(server.server.admit(&get)?.status == 401)
    }
  }

  @Test func `is counted by its caller's rate`() async throws {
    let server = try await Self.guarded(rates: "read=1/60")
    let first = await server.watch()
    #expect(first.stream != nil)
    #expect(first.fields["ratelimit"]?.hasPrefix(#""read";r=0"#) == true)
    let second = await server.watch()
    #expect(Self.isRefused(second, "resource_exhausted"))
    #expect(second.fields["ratelimit-policy"] == #""read";q=1;w=60"#)
    first.stream?.cancel()
  }

  @Test func `has a place until it ends, and is refused where there is none`() async throws {
    let server = try await Self.guarded(most: 1)
    let first = await server.watch()
    #expect(first.stream != nil)
    #expect(Self.isRefused(await server.watch(), "unavailable"))
    let events = await server.watch(GuardedServer.events)
    #expect(events.status == 503)
    #expect(events.fields["retry-after"] != nil)
    // Calls with one answer don't wait for streams.
    #expect(await server.call().status == 200)
    first.stream?.cancel()
    let isFree = await eventually {
      let next = await server.watch()
      defer { next.stream?.cancel() }
      return next.stream != nil
    }
    #expect(isFree)
  }

  @Test func `has the place of its priority`() throws {
    let streams = OpenStreams(most: 10)
    func enters(_ priority: CallPriority) -> Bool {
      do throws(Overload) { try streams.enter(priority) } catch { return false }
      return true
    }
    #expect((0..<6).map { _ in enters(.sheddable) }.count { $0 } == 5)
    #expect((0..<6).map { _ in enters(.standard) }.count { $0 } == 4)
    #expect((0..<3).map { _ in enters(.critical) }.count { $0 } == 1)
    streams.leave()
    #expect(!enters(.standard) && enters(.critical))
  }
}
