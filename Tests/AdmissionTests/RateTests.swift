import HTTPMessage
import RPC
import Testing

@testable import Admission

@Suite struct `Rate limits` {
  private static func policy(_ text: String) throws -> RatePolicy { try #require(RatePolicy(text)) }

  @Test(arguments: ["", "/", "0/60", "1/0", "-1/60", "1/86401", "1/2/3", "a/b", "1"])
  func `that make no sense are not read`(text: String) {
    #expect(RatePolicy(text) == nil)
    #expect(RatePolicies(text) == nil)
  }

  @Test func `are the same for all methods or one for each class`() throws {
    let both = try #require(RatePolicies("600/60"))
    #expect(both[.read]?.calls == 600 && both[.write]?.calls == 600)
    let one = try #require(RatePolicies("write=5/1"))
    #expect(one[.read] == nil && one[.write]?.calls == 5)
    #expect(RatePolicies("read=1/1,read=2/1") == nil)
    #expect(RatePolicies("delete=1/1") == nil)
  }

  @Test func `let a window's calls through at once and then as many as come back`() throws {
    let policy = try Self.policy("3/30")
    let start = ContinuousClock.now
    var bucket = TokenBucket(policy, now: start)
    #expect(
      (0..<4).map { _ in bucket.take(policy, now: start).allows } == [true, true, true, false]
    )
    let level = bucket.take(policy, now: start + .seconds(9))
    #expect(!level.allows && level.remaining == 0)
    #expect(abs(level.untilNext / .seconds(1) - 1) < 0.001)
    #expect(abs(level.untilFull / .seconds(1) - 21) < 0.001)
    #expect(bucket.take(policy, now: start + .seconds(10)).allows)
    #expect(!bucket.take(policy, now: start + .seconds(10)).allows)
    let later = bucket.take(policy, now: start + .seconds(1000))
    #expect(later.allows && later.remaining == 2)
  }

  @Test func `cost bounded memory, and strangers don't push known callers out`() throws {
    let limiter = RateLimiter()
    let policy = try Self.policy("2/60")
    let known = Caller(known: "key:shop", scopes: [.read], rates: nil)
    _ = limiter.take(known, .read, policy)
    let first = Caller(address: "10.0.0.0")
    for number in 0..<(3 * RateLimiter.capacity) {
      let address = Caller(address: "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)")
      _ = limiter.take(address, .read, policy)
    }
    #expect(limiter.count <= RateLimiter.capacity + 1)
    #expect(limiter.take(known, .read, policy).remaining == 0)
    #expect(limiter.take(first, .read, policy).remaining == 1)
  }

  @Test func `count an IPv6 network of 64 bits as one`() {
    let names = ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::1"].map { Caller(address: $0).name }
    #expect(Set(names) == ["address:2001:db8:1:2"])
    let short = ["2001:db8::1", "2001:db8::a:b:c:d"].map { Caller(address: $0).name }
    #expect(Set(short) == ["address:2001:db8:0:0"])
    #expect(Caller(address: "::ffff:192.0.2.1").name == "address:192.0.2.1")
  }

  @Test func `are told with each answer, and a refusal says when to come back`() async throws {
    var configuration = AdmissionControl.Configuration()
    configuration.rates = RatePolicies("read=2/60")
    let server = try await GuardedServer(configuration)
    let first = await server.call()
    #expect(first.status == 200)
    #expect(first.fields["ratelimit-policy"] == #""read";q=2;w=60"#)
    #expect(first.fields["ratelimit"] == #""read";r=1;t=30"#)
    _ = await server.call()
    let refused = await server.call()
    #expect(refused.status == 429)
    #expect(refused.fields["ratelimit"]?.hasPrefix(#""read";r=0;t="#) == true)
    let seconds = try #require(refused.fields["retry-after"].flatMap(Int.init))
    let milliseconds = try #require(refused.fields["retry-after-ms"].flatMap(Int.init))
    #expect((25...30).contains(seconds))
    #expect((25_000...30_000).contains(milliseconds))
    for part in ["resource_exhausted", "google.rpc.QuotaFailure", "google.rpc.RetryInfo"] {
      #expect(refused.text.contains(part))
    }
    #expect(server.runs.value == 2)
    // Others, and other classes, have limits of their own.
    #expect(await server.call(peer: "192.0.2.2").status == 200)
    #expect(await server.call(GuardedServer.writePath).status == 200)
  }

  @Test func `hold for those who guess at keys`() async throws {
    try await withFile("shop \(hex("key")) read 100/1") { path, _ in
      var configuration = AdmissionControl.Configuration()
      configuration.keysFile = path
      configuration.rates = RatePolicies("3/60")
      let server = try await GuardedServer(configuration)
      var statuses: [Int] = []
      for number in 0..<5 {
        statuses.append(
          await server.call(GuardedServer.readPath, ["x-api-key": "\(number)"]).status
        )
      }
      #expect(statuses == [401, 401, 401, 429, 429])
      #expect(await server.call(GuardedServer.readPath, ["x-api-key": "key"]).status == 200)
    }
  }
}
