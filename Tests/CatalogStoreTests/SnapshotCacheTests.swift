import CatalogStore
import Synchronization
import Testing

@Suite struct `Snapshots that are kept` {
  private static func snapshot(_ version: String) -> CatalogSnapshot {
    CatalogSnapshot(version: version, space: "s", dimensions: 0, titles: [], emotionVectors: [:])
  }

  /// Asks a cache of a store that has been written `writes` times and is read when `barrier` opens.
  private static func ask(
    _ cache: SnapshotCache,
    for use: CatalogUse,
    writes: Int64,
    _ barrier: Barrier? = nil
  ) async throws -> String {
    try await cache.snapshot(for: use) {
      Task {
        await cache.refreshed { () throws(StoreError) in
          (
            "\(writes)", writes,
            { () async throws(StoreError) -> CatalogSnapshot in
              await barrier?.pass()
              return Self.snapshot("\(writes)")
            }
          )
        }
      }
    }.version
  }

  @Test func `answer from the catalog before while what was written is read`() async throws {
    let cache = SnapshotCache()
    #expect(try await Self.ask(cache, for: .answers, writes: 1) == "1")
    cache.require(writes: 2)
    let barrier = Barrier()
    async let writer = Self.ask(cache, for: .changes, writes: 2, barrier)
    await barrier.arrival()
    #expect(cache.delay == .unavailable("the catalog is being read"))
    // Also when the version before was asked for long ago.
    try await Task.sleep(for: SnapshotCache.trusted)
    for _ in 0..<10 { #expect(try await Self.ask(cache, for: .answers, writes: 2) == "1") }
    barrier.open()
    #expect(try await writer == "2")
    #expect(try await Self.ask(cache, for: .answers, writes: 2) == "2")
    #expect(cache.delay == nil)
  }

  /// A store whose version takes longer to learn than a snapshot is trusted.
  @Test(.timeLimit(.minutes(1)), arguments: [CatalogUse.answers, .changes])
  func `are given however long a look took`(use: CatalogUse) async throws {
    let cache = SnapshotCache()
    // The first look began before the second write.
    cache.require(writes: 2)
    let writes = Mutex<Int64>(0)
    let snapshot = try await cache.snapshot(for: use) {
      let written = writes.withLock { writes in
        writes += 1
        return writes
      }
      Task {
        await cache.refreshed { () async throws(StoreError) in
          try? await Task.sleep(for: SnapshotCache.trusted)
          return (
            "\(written)", written,
            { () async throws(StoreError) -> CatalogSnapshot in Self.snapshot("\(written)") }
          )
        }
      }
    }
    #expect(snapshot.version == (use == .answers ? "1" : "2"))
  }

  @Test func `are not waited for by who was cancelled`() async throws {
    let cache = SnapshotCache()
    let barrier = Barrier()
    let asker = Task { try await Self.ask(cache, for: .answers, writes: 1, barrier) }
    await barrier.arrival()
    asker.cancel()
    await #expect(throws: StoreError.cancelled) { try await asker.value }
    barrier.open()
    #expect(try await Self.ask(cache, for: .answers, writes: 1) == "1")
  }

  @Test func `tell why they are waited for, and why they could not be read`() async throws {
    let cache = SnapshotCache()
    let (slow, broken) = (StoreError.unavailable("slow"), StoreError.unavailable("broken"))
    cache.note(delay: slow)
    #expect(cache.delay == nil)
    let barrier = Barrier()
    let asker = Task {
      try await cache.snapshot(for: .answers) {
        Task {
          await cache.refreshed { () async throws(StoreError) in
            cache.note(delay: slow)
            await barrier.pass()
            throw broken
          }
        }
      }
    }
    await barrier.arrival()
    #expect(cache.delay == slow)
    barrier.open()
    await #expect(throws: broken) { try await asker.value }
    #expect(cache.delay == broken)
    #expect(try await Self.ask(cache, for: .answers, writes: 1) == "1")
    #expect(cache.delay == nil)
  }
}
