import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@testable import Channel

@Suite struct `Latencies` {
  @Test func `rise at once and fall slowly`() throws {
    let start = ContinuousClock.now
    var average = PeakEWMA(now: start)
    #expect(average.seconds(at: start) == nil)
    average.observe(.milliseconds(10), isFailure: false, now: start)
    average.observe(.milliseconds(100), isFailure: false, now: start)
    #expect(average.seconds(at: start) == 0.1)
    let later = start + .seconds(10)
    average.observe(.milliseconds(10), isFailure: false, now: later)
    let seconds = try #require(average.seconds(at: later))
    #expect(abs(seconds - (0.1 * 0.3679 + 0.01 * 0.6321)) < 0.0001)
  }

  @Test func `count a failure as a second, which is forgotten after ten`() throws {
    let start = ContinuousClock.now
    var average = PeakEWMA(now: start)
    average.observe(.milliseconds(1), isFailure: true, now: start)
    #expect(average.seconds(at: start + .seconds(10)) == 1)
    #expect(average.seconds(at: start + .milliseconds(10_001)) == nil)
    average.observe(.seconds(3), isFailure: true, now: start)
    #expect(average.seconds(at: start) == 3)
    average.observe(.milliseconds(2), isFailure: false, now: start)
    #expect(average.seconds(at: start) == 0.002)
  }

  @Test func `have a usual value that one call hardly changes`() throws {
    let start = ContinuousClock.now
    var average = PeakEWMA(now: start)
    for _ in 0..<100 { average.observe(.milliseconds(10), isFailure: false, now: start) }
    average.observe(.milliseconds(170), isFailure: false, now: start)
    let usual = try #require(average.usualSeconds(at: start))
    #expect(abs(usual - 0.02) < 0.0001)
    #expect(average.seconds(at: start) == 0.17)
    #expect(average.usualSeconds(at: start + .seconds(11)) == nil)
    average.observe(.milliseconds(3), isFailure: false, now: start + .seconds(11))
    #expect(average.usualSeconds(at: start + .seconds(11)) == 0.003)
  }

  @Test func `take from calls that were given up only that they took long`() {
    let start = ContinuousClock.now
    var average = PeakEWMA(now: start)
    average.observe(.milliseconds(50), isFailure: false, now: start)
    average.observe(unanswered: .milliseconds(20), now: start)
    #expect(average.seconds(at: start) == 0.05)
    average.observe(unanswered: .milliseconds(80), now: start)
    #expect(average.seconds(at: start) == 0.08)
  }

  @Test func `have percentiles that are at most an eighth too high`() throws {
    let start = ContinuousClock.now
    var histogram = LatencyHistogram(now: start)
    for number in 1...99 { histogram.record(.milliseconds(number), now: start) }
    #expect(histogram.percentile(50) == nil)
    histogram.record(.milliseconds(100), now: start)
    for (percentile, milliseconds) in [(50.0, 50.0), (95, 95), (99, 99)] {
      let found = try #require(histogram.percentile(percentile)) / .milliseconds(1)
      #expect(found >= milliseconds && found <= milliseconds * 1.126)
    }
  }

  @Test(arguments: [Duration.zero, .microseconds(7), .microseconds(8), .seconds(60_000)])
  func `have a bucket, however short or long`(latency: Duration) throws {
    let start = ContinuousClock.now
    var histogram = LatencyHistogram(now: start)
    for _ in 0..<100 { histogram.record(latency, now: start) }
    let found = try #require(histogram.percentile(99))
    #expect(found >= latency && found <= latency * 1.126 + .microseconds(1))
  }

  @Test func `are forgotten after two periods`() {
    let start = ContinuousClock.now
    var histogram = LatencyHistogram(now: start)
    for _ in 0..<100 { histogram.record(.seconds(1), now: start) }
    histogram.record(.milliseconds(1), now: start + .seconds(15))
    #expect(histogram.percentile(50) != nil)
    histogram.record(.milliseconds(1), now: start + .seconds(30))
    #expect(histogram.percentile(50) == nil)
  }
}

@Suite struct `What a server says about another attempt` {
  private static func pushback(_ fields: HeaderFields, _ error: RPCError? = nil) -> Pushback {
    Pushback(
      HTTPResponse(status: 503, fields: fields),
      error ?? RPCError(.unavailable, "")
    )
  }

  @Test(
    arguments: [
      ("grpc-retry-pushback-ms", "250", 250), ("trailer-grpc-retry-pushback-ms", "0", 0),
      ("retry-after-ms", "1500", 1500), ("retry-after", "2", 2000),
      ("retry-after", "99999999999", 86_400_000),
    ]
  )
  func `is how long to wait`(name: String, value: String, milliseconds: Int) {
    var fields = HeaderFields()
    fields.append(name, value)
    #expect(Self.pushback(fields).delay == .milliseconds(milliseconds))
    #expect(!Self.pushback(fields).isRefused)
  }

  @Test(
    arguments: [
      ("grpc-retry-pushback-ms", "-1"), ("grpc-retry-pushback-ms", "soon"),
      ("x-should-retry", "false"),
    ]
  )
  func `is that there must be none`(name: String, value: String) {
    var fields: HeaderFields = ["retry-after-ms": "5"]
    fields.append(name, value)
    #expect(Self.pushback(fields).isRefused)
  }

  @Test func `may stand in the trailers, or in the error's details`() {
    var response = HTTPResponse(status: 503)
    response.trailers = ["grpc-retry-pushback-ms": "20"]
    #expect(Pushback(response, RPCError(.unavailable, "")).delay == .milliseconds(20))
    let error = RPCError(.unavailable, "", details: [.retryInfo(after: .seconds(3))])
    #expect(Self.pushback([:], error).delay == .seconds(3))
  }

  @Test(arguments: ["", "-3", "Wed, 21 Oct 2026 07:28:00 GMT", "nan"])
  func `is nothing where it makes no sense`(value: String) {
    #expect(Self.pushback(["retry-after": value]) == Pushback())
  }
}

@Suite struct `The allowance for repetitions` {
  @Test func `ends when half of the tokens are gone, and comes back with successes`() {
    var throttling = RetryThrottling()
    throttling.maxTokens = 10
    throttling.tokenRatio = 0.5
    var allowance = RetryAllowance(throttling, RetryBudget())
    func mayRepeat() -> Bool { allowance.take() }
    for _ in 0..<4 { allowance.count(success: false) }
    #expect(mayRepeat())
    allowance.count(success: false)
    #expect(!mayRepeat())
    allowance.count(success: true)
    #expect(mayRepeat())
  }

  @Test func `is earned by calls, and no more than the reserve is kept`() {
    var budget = RetryBudget()
    budget.ratio = 0.2
    budget.reserve = 1
    var allowance = RetryAllowance(RetryThrottling(), budget)
    func mayRepeat() -> Bool { allowance.take() }
    #expect(mayRepeat())
    #expect(!mayRepeat())
    for _ in 0..<4 { allowance.begin() }
    #expect(!mayRepeat())
    allowance.begin()
    #expect(mayRepeat())
    for _ in 0..<1000 { allowance.begin() }
    var taken = 0
    while allowance.take() { taken += 1 }
    #expect(taken == 10)
  }

  @Test func `lets waits grow up to their limit`() {
    let policy = RetryPolicy()
    let waits = (1...6).map { policy.backoff(before: $0, spread: 1) / .milliseconds(1) }
    #expect(waits == [25, 50, 100, 200, 250, 250])
    #expect(policy.backoff(before: 1, spread: 0.8) == .milliseconds(20))
    #expect(policy.backoff(before: 6, spread: 1.2) == .milliseconds(300))
  }
}
