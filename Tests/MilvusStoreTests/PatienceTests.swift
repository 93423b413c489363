import CatalogStore
import HTTPMessage
import MilvusStore
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A Milvus that is away` {
  private static func store(_ fails: @escaping @Sendable () -> HTTPResponse?) -> MilvusCatalogStore
  {
    MilvusCatalogStore(send: { _ in
      guard let response = fails() else { throw HTTPTransportError(.unreachable, "nobody listens") }
      return response
    })
  }

  @Test func `is waited for by answers no longer than they may, whoever asked first`() async throws
  {
    let store = Self.store { nil }
    let writer = Task { try await store.snapshot(for: .changes) }
    while store.delay == nil { try await Task.sleep(for: .milliseconds(10)) }
    let started = ContinuousClock.now
    await #expect(throws: StoreError.self) { try await store.snapshot(for: .answers) }
    #expect(started.duration(to: .now) < .seconds(20))
    writer.cancel()
    await #expect(throws: StoreError.cancelled) { try await writer.value }
  }

  @Test func `is not waited for where it refuses the user`() async throws {
    let store = Self.store {
      var response = HTTPResponse(status: 200, fields: ["content-type": "application/grpc"])
      response.trailers = ["grpc-status": "16"]
      return response
    }
    let started = ContinuousClock.now
    await #expect(throws: StoreError.self) { try await store.snapshot(for: .changes) }
    #expect(started.duration(to: .now) < .seconds(20))
  }
}
