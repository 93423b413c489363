import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Synchronization
import Testing

@testable import Telemetry

/// What happens to traces on their way through servers and clients of ours.
@Suite struct `Calls in a trace` {
  private typealias Request = Netflixgpt_Recommendation_V1_RecommendRequest
  private typealias Response = Netflixgpt_Recommendation_V1_RecommendResponse

  private static let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  /// A server that calls another one, and the fields that came there.
  private func callThrough(
    _ fields: HeaderFields,
    tracer: Tracer?,
    failing error: RPCError? = nil
  ) async throws -> HeaderFields {
    let seen = Mutex<HeaderFields>([:])
    var behind = RPCServer(schema: Schema.fileDescriptorSet, health: Health())
    behind.register(RecommendationMethods.recommend) { _, context in
      seen.withLock { $0 = context.fields }
      if let error { throw error }
      return Response()
    }
    let inner = behind
    let client = try RPCClient(baseURL: "http://inner", send: { await inner.handle($0) })
    var server = RPCServer(schema: Schema.fileDescriptorSet, health: Health(), tracer: tracer)
    server.register(RecommendationMethods.recommend) { request, _ in
      try await client.call(RecommendationMethods.recommend, request)
    }
    var all: HeaderFields = ["content-type": "application/json"]
    for field in fields.fields { all.append(field.name, field.value) }
    _ = await server.handle(
      HTTPRequest(
        method: "POST",
        target: RecommendationMethods.recommend.path,
        fields: all,
        body: Array("{}".utf8)
      )
    )
    return seen.withLock { $0 }
  }

  @Test func `are passed on as they came where nothing is recorded`() async throws {
    let seen = try await self.callThrough(
      [
        "traceparent": Self.caller, "tracestate": "a=1", "tracestate": "b=2",
        "baggage": "tenant=x",
      ],
      tracer: nil
    )
    #expect(seen["traceparent"] == Self.caller)
    #expect(seen["tracestate"] == "a=1,b=2")
    #expect(seen["baggage"] == "tenant=x")
  }

  @Test func `get a span for the call and one for each call it makes`() async throws {
    let tracer = Tracer(ratio: 0)
    let seen = try await self.callThrough(["traceparent": Self.caller], tracer: tracer)
    let spans = tracer.take(atMost: 10)
    #expect(spans.map(\.kind) == [.client, .server])
    let name = "netflixgpt.recommendation.v1.RecommendationService/Recommend"
    #expect(spans.map(\.name) == [name, name])
    #expect(spans[0].parent == spans[1].context)
    #expect(spans[1].parent?.traceparent == Self.caller)
    #expect(seen["traceparent"] == spans[0].context.traceparent)
    #expect(spans.allSatisfy { $0.failure == nil })
  }

  @Test(arguments: [(Code.unavailable, true), (.internal, true), (.notFound, false)])
  func `fail for their server only by its own doing`(code: Code, isServers: Bool) async throws {
    let tracer = Tracer(ratio: 1)
    _ = try await self.callThrough([:], tracer: tracer, failing: RPCError(code, "no"))
    let spans = tracer.take(atMost: 10)
    #expect(spans.first { $0.kind == .client }?.failure == code.name)
    #expect(spans.first { $0.kind == .server }?.failure == (isServers ? code.name : nil))
  }

  @Test func `of which the caller says nothing start here, or don't`() async throws {
    let tracer = Tracer(ratio: 0)
    let unsampled = try await self.callThrough([:], tracer: tracer)
    #expect(unsampled["traceparent"]?.hasSuffix("-02") == true)
    #expect(tracer.take(atMost: 10).isEmpty)
    #expect(try await self.callThrough([:], tracer: nil)["traceparent"] == nil)
  }

  @Test(arguments: [nil, Code.aborted])
  func `get a span for a stream that ends with it`(code: Code?) async throws {
    let tracer = Tracer(ratio: 1)
    let seen = Mutex<HeaderFields>([:])
    let watch = StreamMethod<Request, Response>("test.v1.Test", "Watch", .noSideEffects)
    var behind = RPCServer(schema: Schema.fileDescriptorSet, health: Health())
    behind.register(watch) { _, context, writer in
      seen.withLock { $0 = context.fields }
      try await writer.send(Response())
      if let code { throw RPCError(code, "enough") }
    }
    let inner = behind
    let client = try RPCClient(baseURL: "http://inner", send: { await inner.handle($0) })
    let span = tracer.span("caller", .server, continuing: nil)
    await CallScope.$current.withValue(CallScope(span: span)) {
      do {
        let stream = try await client.stream(watch, Request())
        var messages = stream.makeAsyncIterator()
        _ = try await messages.next()
        #expect(tracer.take(atMost: 10).isEmpty)
        _ = try await messages.next()
        _ = try await messages.next()
      } catch {
        #expect((error as? RPCError)?.code == code)
      }
    }
    let spans = tracer.take(atMost: 10)
    #expect(spans.map(\.name) == ["test.v1.Test/Watch"])
    #expect(spans.first?.kind == .client)
    #expect(spans.first?.parent == span.context)
    #expect(spans.first?.failure == code?.name)
    let traceparent = seen.withLock { $0["traceparent"] }
    #expect(traceparent == spans.first?.context.traceparent)
  }

  @Test func `get a span for a stream that never began`() async throws {
    let tracer = Tracer(ratio: 1)
    let client = try RPCClient(baseURL: "http://inner") { _ in
      throw HTTPTransportError(.unreachable, "nobody there")
    }
    let span = tracer.span("caller", .server, continuing: nil)
    await CallScope.$current.withValue(CallScope(span: span)) {
      _ = try? await client.stream(HealthMethods.watch, .init())
    }
    #expect(tracer.take(atMost: 10).map(\.failure) == ["unavailable"])
  }

  @Test(arguments: [(8192, true), (8193, false)])
  func `carry baggage of up to 8,192 bytes`(bytes: Int, isKept: Bool) async throws {
    let baggage = String(repeating: "a", count: bytes)
    let seen = try await self.callThrough(["baggage": baggage], tracer: nil)
    #expect(seen["baggage"] == (isKept ? baggage : nil))
  }
}
