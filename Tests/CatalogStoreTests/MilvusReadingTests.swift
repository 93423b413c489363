import CatalogStore
import HTTPClient
import HTTPMessage
import RPC
import SwiftProtobuf
import Synchronization
import Testing

@testable import MilvusStore

/// Reads that Milvus does not answer as one hopes, on the servers that `MILVUS_TEST_URL` names.
@Suite struct `A Milvus catalog that is read` {
  private static let catalog = SampleCatalog.scattered(
    titles: 60,
    words: 30,
    dimensions: 4,
    seed: 12
  )
  private static let notLoaded = StoreError.unavailable(
    "Milvus has not loaded the catalog yet, as for some seconds after a restart"
  )

  private static func notLoadedAnswer(
    _ method: String,
    _: [UInt8]
  ) throws -> HTTPResponse? {
    guard method == "Query" else { return nil }
    return try MilvusBetween.answer(MilvusQueryResults.with { $0.status.code = 101 })
  }

  private static func eventually(_ condition: () -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(20)
    while !condition() {
      guard ContinuousClock.now < end else { return false }
      try await Task.sleep(for: .milliseconds(5))
    }
    return true
  }

  @Test(.timeLimit(.minutes(1)), arguments: StoreFactory.milvusAddresses)
  func `and is not loaded says so, without waiting for the end of it`(
    _ address: MilvusAddress
  ) async throws {
    let between = MilvusBetween(address)
    try await Self.catalog.write(to: between.store())
    let store = between.store { method, body in try Self.notLoadedAnswer(method, body) }
    let asker = Task { try await store.snapshot(for: .answers) }
    #expect(try await Self.eventually { store.delay == Self.notLoaded })
    asker.cancel()
    await #expect(throws: StoreError.cancelled) { try await asker.value }
    let start = ContinuousClock.now
    await CallScope.$current.withValue(CallScope(deadline: start + .seconds(1))) {
      await #expect(throws: Self.notLoaded) { try await store.titles(["t1"], for: .answers) }
    }
    #expect(start.duration(to: .now) < .seconds(1.5))
    await between.proxy.close()
  }

  @Test(.timeLimit(.minutes(1)), arguments: StoreFactory.milvusAddresses)
  func `and takes long to load says so when the time is up`(
    _ address: MilvusAddress
  ) async throws {
    let between = MilvusBetween(address)
    try await Self.catalog.write(to: between.store())
    let store = between.store { method, body in
      if method == "GetLoadState" {
        return try MilvusBetween.answer(MilvusGetLoadStateResponse.with { $0.state = 2 })
      }
      return try Self.notLoadedAnswer(method, body)
    }
    let start = ContinuousClock.now
    await #expect(throws: Self.notLoaded) { try await store.titles(["t1"], for: .answers) }
    #expect(start.duration(to: .now) < .seconds(4))
    await between.proxy.close()
  }

  @Test(.timeLimit(.minutes(1)), arguments: StoreFactory.milvusAddresses)
  func `says that it is being read, and serves answers from the one before`(
    _ address: MilvusAddress
  ) async throws {
    let between = MilvusBetween(address)
    let isHeld = Mutex(false)
    let barrier = Barrier()
    let store = between.store { method, _ in
      if method == "Query", isHeld.withLock({ $0 }) { await barrier.pass() }
      return nil
    }
    try await Self.catalog.write(to: store)
    let before = try await store.snapshot()
    #expect(store.delay == nil)
    #expect(try await store.delete(["t1"]) == 1)
    isHeld.withLock { $0 = true }
    async let writer = store.snapshot(for: .changes)
    await barrier.arrival()
    #expect(store.delay == .unavailable("the catalog is being read"))
    for _ in 0..<20 { #expect(try await store.snapshot(for: .answers) === before) }
    barrier.open()
    #expect(try await writer.count == 59)
    #expect(try await store.snapshot(for: .answers).count == 59)
    #expect(store.delay == nil)
    await between.proxy.close()
  }

  @Test(arguments: StoreFactory.milvusAddresses)
  func `comes in smaller parts where an answer is too large`(
    _ address: MilvusAddress
  ) async throws {
    let between = MilvusBetween(address)
    try await Self.catalog.write(to: between.store())
    let refusals = Mutex(0)
    let store = between.store { method, body in
      guard method == "Query" else { return nil }
      let request: MilvusQueryRequest = try MilvusBetween.request(body)
      let numbers = request.expr.split { !$0.isNumber }.compactMap { Int($0) }
      let isTooLarge =
        request.expr.contains(" in ")
        ? numbers.count > 8 : numbers.count == 2 && numbers[1] - numbers[0] > 200
      guard isTooLarge else { return nil }
      refusals.withLock { $0 += 1 }
      return MilvusBetween.failure(status: 8)
    }
    let snapshot = try await store.snapshot()
    #expect(snapshot.count == 60)
    #expect(try await store.titles(snapshot.ids).map(\.id) == snapshot.ids)
    #expect(try await store.digest() == between.store().digest())
    let count = refusals.withLock { $0 }
    #expect(count > 10)
    await between.proxy.close()
  }
}
