import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `Calls that make calls` {
  /// What one hop was told.
  private struct Hop: Sendable {
    var timeout: String?
    var requestID: String?
    var traceparent: String?
    var remaining: Duration
  }

  private static func hop(_ context: ServerContext) -> Hop {
    Hop(
      timeout: context.fields["connect-timeout-ms"],
      requestID: context.fields["x-request-id"],
      traceparent: context.fields["traceparent"],
      remaining: context.deadline - .now
    )
  }

  /// Three servers in a row, each of which asks the next one after `pause`.
  private static func chain(
    pause: Duration,
    timeout: Duration? = nil,
    _ hops: Box<[Hop]>,
    last: @escaping @Sendable () async throws -> RecommendResponse
  ) throws -> TestServer {
    let third = TestServer { _, context in
      hops.value.append(Self.hop(context))
      return try await last()
    }
    let toThird = try RPCClient(
      baseURL: "http://third",
      send: third.handler,
      defaultTimeout: .seconds(120)
    )
    let second = TestServer { request, context in
      hops.value.append(Self.hop(context))
      try await Task.sleep(for: pause)
      return try await toThird.call(
        RecommendationMethods.recommend,
        request,
        timeout: timeout
      )
    }
    let toSecond = try RPCClient(
      baseURL: "http://second",
      send: second.handler,
      codec: .json,
      defaultTimeout: .seconds(120)
    )
    return TestServer { request, context in
      hops.value.append(Self.hop(context))
      try await Task.sleep(for: pause)
      return try await toSecond.call(RecommendationMethods.recommend, request)
    }
  }

  private let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  @Test func `what remains of the time is passed on, with the call's identity`() async throws {
    let hops = Box<[Hop]>([])
    let first = try Self.chain(pause: .milliseconds(100), hops) { .with { $0.candidates = 3 } }
    let response = try await first.post(
      RecommendationMethods.recommend.path,
      "{}",
      ["connect-timeout-ms": "100000", "x-request-id": "r-1", "traceparent": self.trace]
    )
    #expect(response.text == #"{"candidates":3}"#)
    let timeouts = hops.value.compactMap { $0.timeout.flatMap { Int($0) } }
    #expect(timeouts.count == 3)
    #expect(timeouts[0] == 100_000)
    // 100 ms of work and 5 ms of margin are gone at each hop.
    #expect(timeouts[1] <= 99_895)
    #expect(timeouts[2] <= timeouts[1] - 105)
    #expect(timeouts[2] > 30_000)
    #expect(hops.value.map(\.requestID) == ["r-1", "r-1", "r-1"])
    #expect(hops.value.map(\.traceparent) == [self.trace, self.trace, self.trace])
  }

  @Test func `an own limit shortens what remains, and never lengthens it`() async throws {
    for (timeout, range) in [(20_000, 1...20_000), (110_000, 30_000...99_990)] {
      let hops = Box<[Hop]>([])
      let first = try Self.chain(pause: .zero, timeout: .milliseconds(timeout), hops) {
        RecommendResponse()
      }
      _ = try await first.post(
        RecommendationMethods.recommend.path,
        "{}",
        ["connect-timeout-ms": "100000"]
      )
      let last = try #require(hops.value.last?.timeout.flatMap { Int($0) })
      #expect(range.contains(last))
    }
  }

  @Test func `time that is spent is spent for all`() async throws {
    let hops = Box<[Hop]>([])
    let first = try Self.chain(pause: .milliseconds(60), hops) { RecommendResponse() }
    let response = try await first.post(
      RecommendationMethods.recommend.path,
      "{}",
      ["connect-timeout-ms": "100"]
    )
    #expect(await response.error?.code == .deadlineExceeded)
    #expect(hops.value.count <= 2)
  }

  @Test func `a caller who goes away cancels the last of three`() async throws {
    let (started, starter) = AsyncStream.makeStream(of: Void.self)
    let wasCancelled = Box(false)
    let first = try Self.chain(pause: .zero, Box([])) {
      starter.finish()
      do { try await Task.sleep(for: .seconds(60)) } catch {
        wasCancelled.value = true
        throw error
      }
      return RecommendResponse()
    }
    let call = Task { try await first.post() }
    for await _ in started {}
    call.cancel()
    #expect(try await call.value.status == 499)
    #expect(await eventually { wasCancelled.value })
  }

  @Test func `an error comes through three hops with its details`() async throws {
    let first = try Self.chain(pause: .zero, Box([])) {
      throw RPCError.invalid(field: "mood", "must not be blank", reason: "BLANK")
    }
    let response = try await first.post()
    let error = try #require(await response.error)
    #expect(error.code == .invalidArgument)
    #expect(error.message == "mood: must not be blank")
    #expect(error.reason == "BLANK")
    #expect(
      error.detail(Google_Rpc_BadRequest.self)?.fieldViolations.map(\.field) == ["mood"]
    )
    #expect(error.details.first?.debug?.contains(#""reason":"BLANK""#) == true)
  }

  @Test(arguments: ["", "x", String(repeating: "g", count: 55)])
  func `a malformed traceparent is not passed on`(traceparent: String) async throws {
    let hops = Box<[Hop]>([])
    let first = try Self.chain(pause: .zero, hops) { RecommendResponse() }
    _ = try await first.post(
      RecommendationMethods.recommend.path,
      "{}",
      ["traceparent": traceparent]
    )
    #expect(hops.value.map(\.traceparent) == [traceparent, nil, nil])
  }
}
