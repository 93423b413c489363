internal import GRDB
internal import Glibc

/// A catalog in an SQLite file, searched exactly in memory.
///
/// Several processes may use one file: it is in WAL mode, so that reads never wait for writes.
package final class SQLiteCatalogStore: TitleStore {
  package let kind = "sqlite"

  let pool: DatabasePool
  private let snapshots = SnapshotCache()

  /// Opens the file, or creates it; the folder must exist.
  package init(path: String) throws(StoreError) {
    do {
      self.pool = try Self.opened(path)
    } catch {
      throw StoreError(error)
    }
  }

  /// How long a statement waits for other processes that hold the file.
  private static let patience = Duration.seconds(5)

  /// - Throws: `DatabaseError` or `StoreError`, the former after twice `patience` at the latest where
  ///   the file is held.
  private static func opened(_ path: String) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.busyMode = .timeout(self.patience / .seconds(1))
    configuration.label = "catalog"
    let end = ContinuousClock.now + self.patience
    while true {
      do {
        let pool = try DatabasePool(path: path, configuration: configuration)
        try Schema.migrate(pool)
        return pool
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && .now < end {
        // A file that is not in WAL mode yet, and is being written, is refused at once, whatever the
        // timeout: two that change it would wait for each other.
        // Source: https://sqlite.org/c3ref/busy_handler.html
        usleep(10_000)
      }
    }
  }

  package var delay: StoreError? { self.snapshots.delay }

  package func snapshot(for use: CatalogUse) async throws(StoreError) -> CatalogSnapshot {
    try await self.snapshots.snapshot(for: use) { [pool, snapshots] in
      // Not bound to the task that happens to ask first: others wait for the outcome too.
      pool.asyncRead { opened in
        let read = opened.map(CatalogReading.init)
        snapshots.refreshed { () throws(StoreError) in
          try Self.plainly { () throws in
            let state = try read.get().state()
            return (state.version, state.writes)
          }
        } build: { () throws(StoreError) in
          try Self.plainly { () throws in try read.get().snapshot() }
        }
      }
    }
  }

  package func titles(
    _ ids: [String],
    for use: CatalogUse
  ) async throws(StoreError) -> [CatalogTitle] {
    try await self.read { reading in try ids.compactMap { id in try reading.title(id) } }
  }

  package func upsert(
    _ titles: [StoredTitle],
    emotionVectors: [String: [Float]],
    space: String
  ) async throws(StoreError) {
    let batch = try TitleBatch(titles, emotionVectors: emotionVectors, space: space)
    guard !titles.isEmpty else { return }
    let writes = try await self.write { writing in try writing.upsert(batch) }
    self.snapshots.require(writes: writes)
  }

  package func replace(
    version: String,
    with titles: [StoredTitle],
    emotionVectors: [String: [Float]],
    space: String
  ) async throws(StoreError) {
    let batch = try TitleBatch(titles, emotionVectors: emotionVectors, space: space)
    let writes = try await self.write { writing in
      try writing.replace(version: version, with: batch)
    }
    self.snapshots.require(writes: writes)
  }

  package func delete(_ ids: [String]) async throws(StoreError) -> Int {
    let (deleted, writes) = try await self.write { writing in try writing.delete(ids) }
    self.snapshots.require(writes: writes)
    return deleted
  }

  package func sourceHashes() async throws(StoreError) -> [String: UInt64] {
    try await self.read { reading in try reading.sourceHashes() }
  }

  package func digest() async throws(StoreError) -> String {
    try await self.read { reading in try reading.digest() }
  }

  private func read<Value: Sendable>(
    _ body: @escaping @Sendable (CatalogReading) throws -> Value
  ) async throws(StoreError) -> Value {
    do {
      return try await self.pool.read { database in try body(CatalogReading(database: database)) }
    } catch {
      throw StoreError(error)
    }
  }

  private func write<Value: Sendable>(
    _ body: @escaping @Sendable (CatalogWriting) throws -> Value
  ) async throws(StoreError) -> Value {
    do {
      return try await self.pool.write { database in try body(CatalogWriting(database: database)) }
    } catch {
      throw StoreError(error)
    }
  }

  private static func plainly<Value>(_ body: () throws -> Value) throws(StoreError) -> Value {
    do {
      return try body()
    } catch {
      throw StoreError(error)
    }
  }
}
