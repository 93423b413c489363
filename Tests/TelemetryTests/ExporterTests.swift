import CurlClient
import Foundation
import HTTPMessage
import Metrics
import ScriptedServer
import Testing

@testable import Telemetry

/// A collector that answers as it is told.
private final class Collector: Sendable {
  let server: ScriptedServer
  let curl = CurlClient()

  init(_ script: @escaping @Sendable (Int) -> [ScriptedServer.Step]) throws {
    self.server = try ScriptedServer { _, number in script(number) }
  }

  deinit {
    self.curl.close()
    self.server.stop()
  }

  /// Exports `count` spans and ends; gives the names that came with each request.
  func names(of count: Int, finishAfter pause: Duration = .zero) async throws -> [[String]] {
    let tracer = Tracer(ratio: 1)
    let exporter = SpanExporter(
      tracer: tracer,
      endpoint: "http://\(self.server.authority)/prefix",
      fields: ["api-key": "sesame"],
      service: "test",
      send: self.curl.handler
    )
    async let run: Void = exporter.run()
    for number in 0..<count {
      let span = tracer.span("span \(number)", .server, continuing: nil)
      span.calling("call \(number)").end(
        after: .milliseconds(2),
        failure: "unavailable",
        [.text("a", "b\"c"), .integer("n", 7)]
      )
    }
    try await Task.sleep(for: pause)
    tracer.finish()
    await run
    return try self.server.log.requests.map { request in
      #expect(request.method == "POST")
      #expect(request.target == "/prefix/v1/traces")
      #expect(request.fields["content-type"] == "application/json")
      #expect(request.fields["api-key"] == "sesame")
      return try Self.spans(of: request).compactMap { $0["name"] as? String }
    }
  }

  static func spans(of request: HTTPRequest) throws -> [[String: Any]] {
    let body = try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
    let resource = (body?["resourceSpans"] as? [[String: Any]])?.first
    let scope = (resource?["scopeSpans"] as? [[String: Any]])?.first
    return try #require(scope?["spans"] as? [[String: Any]])
  }
}

@Suite struct `Spans` {
  @Test func `arrive in batches, with what is known of them`() async throws {
    let collector = try Collector { _ in [.response(HTTPResponse(status: 200))] }
    let names = try await collector.names(of: 513)
    #expect(names.map(\.count) == [512, 1])
    #expect(names.first?.first == "call 0")
    let span = try #require(
      try collector.server.log.requests.first.map(Collector.spans)?.first
    )
    #expect((span["traceId"] as? String)?.count == 32)
    #expect((span["spanId"] as? String)?.count == 16)
    #expect((span["parentSpanId"] as? String)?.count == 16)
    #expect(span["kind"] as? Int == 3)
    let start = try #require((span["startTimeUnixNano"] as? String).flatMap { UInt64($0) })
    let end = try #require((span["endTimeUnixNano"] as? String).flatMap { UInt64($0) })
    #expect(end - start == 2_000_000)
    #expect((span["status"] as? [String: Any])?["code"] as? Int == 2)
  }

  @Test func `are sent again when the collector is busy`() async throws {
    let collector = try Collector { number in
      number == 0
        ? [.response(HTTPResponse(status: 503, fields: ["retry-after": "0"]))]
        : [.response(HTTPResponse(status: 200))]
    }
    let names = try await collector.names(of: 1, finishAfter: .seconds(3))
    #expect(names == [["call 0"], ["call 0"]])
  }

  @Test(arguments: [400, 401, 404, 500])
  func `that a collector refuses are not sent again`(status: Int) async throws {
    let collector = try Collector { _ in [.response(HTTPResponse(status: status))] }
    #expect(try await collector.names(of: 1, finishAfter: .seconds(2)).count == 1)
  }

  @Test func `do not keep a service from ending when nobody takes them`() async throws {
    let collector = try Collector { _ in [.hang] }
    let began = ContinuousClock.now
    _ = try await collector.names(of: 1)
    // The last attempt has two seconds.
    #expect(ContinuousClock.now - began < .seconds(20))
  }

  @Test func `have two seconds together at the end, whatever is left and under way`() async throws {
    let collector = try Collector { _ in [.hang] }
    let began = ContinuousClock.now
    // The first batch is under way when the end comes; three more wait.
    let names = try await collector.names(of: 2048, finishAfter: .seconds(1))
    #expect(ContinuousClock.now - began < .seconds(8))
    #expect(names.map(\.count) == [512])
  }
}
