import GRDB
import Glibc
import SeededRandom
import Testing

@testable import CatalogStore

@Suite struct `A catalog file` {
  private static let catalog = SampleCatalog.scattered(
    titles: 80,
    words: 60,
    dimensions: 16,
    seed: 6
  )

  /// The bytes of a file with a catalog, all of it in the main file.
  private static func written() async throws -> [UInt8] {
    try await withFolder { folder in
      let path = "\(folder)/catalog.sqlite"
      let store = try SQLiteCatalogStore(path: path)
      try await Self.catalog.write(to: store)
      try await store.pool.writeWithoutTransaction { database in
        _ = try database.checkpoint(.truncate)
      }
      try store.pool.close()
      return try bytes(of: path)
    }
  }

  @Test func `keeps its content when it is opened again`() async throws {
    try await withFolder { folder in
      let path = "\(folder)/catalog.sqlite"
      let first = try SQLiteCatalogStore(path: path)
      try await Self.catalog.write(to: first)
      let (digest, version) = (try await first.digest(), try await first.snapshot().version)
      try first.pool.close()
      let second = try SQLiteCatalogStore(path: path)
      #expect(try await second.digest() == digest)
      #expect(try await second.snapshot().version == version)
      #expect(second.kind == "sqlite")
    }
  }

  @Test func `uses the settings for several processes`() async throws {
    try await withFolder { folder in
      let store = try SQLiteCatalogStore(path: "\(folder)/catalog.sqlite")
      let settings = try await store.pool.write { database in
        try ["journal_mode", "synchronous", "foreign_keys", "busy_timeout"].map { name in
          try String.fetchOne(database, sql: "PRAGMA \(name)")
        }
      }
      #expect(settings == ["wal", "1", "1", "5000"])
    }
  }

  @Test func `is opened by many at the same time`() async throws {
    for _ in 0..<10 {
      try await withFolder { folder in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<6 {
            group.addTask {
              let store = try SQLiteCatalogStore(path: "\(folder)/catalog.sqlite")
              let title = CatalogTitle(id: "\(number)", name: "T", type: .movie)
              try await SampleCatalog(titles: [title]).write(to: store)
            }
          }
          try await group.waitForAll()
        }
        let store = try SQLiteCatalogStore(path: "\(folder)/catalog.sqlite")
        #expect(try await store.snapshot().count == 6)
      }
    }
  }

  @Test func `is opened when another process that turns it to WAL mode is done`() async throws {
    try await withFolder { folder in
      var configuration = Configuration()
      configuration.allowsUnsafeTransactions = true
      let path = "\(folder)/catalog.sqlite"
      let other = try DatabaseQueue(path: path, configuration: configuration)
      try await other.writeWithoutTransaction { database in
        try database.execute(sql: "BEGIN IMMEDIATE")
      }
      async let store = SQLiteCatalogStore(path: path)
      try await Task.sleep(for: .milliseconds(200))
      try await other.writeWithoutTransaction { database in try database.execute(sql: "ROLLBACK") }
      #expect(try await store.snapshot().count == 0)
    }
  }

  @Test func `of a process killed amid a write has what was committed`() async throws {
    try await withFolder { folder in
      try await withFolder { copied in
        let store = try SQLiteCatalogStore(path: "\(folder)/catalog.sqlite")
        try await Self.catalog.write(to: store)
        let digest = try await store.digest()
        let larger = SampleCatalog.scattered(titles: 400, words: 90, dimensions: 16, seed: 1)
        let batch = try TitleBatch(
          larger.titles,
          emotionVectors: larger.emotionVectors,
          space: larger.space
        )
        try await store.pool.write { database in
          // So that pages of the transaction reach the file before it ends.
          try database.execute(sql: "PRAGMA cache_size = 5")
          let sizeBefore = try bytes(of: "\(folder)/catalog.sqlite-wal").count
          _ = try CatalogWriting(database: database).upsert(batch)
          for name in ["catalog.sqlite", "catalog.sqlite-wal"] {
            try write(try bytes(of: "\(folder)/\(name)"), to: "\(copied)/\(name)")
          }
          #expect(try bytes(of: "\(copied)/catalog.sqlite-wal").count > sizeBefore)
        }
        #expect(try await store.digest() != digest)
        let survivor = try SQLiteCatalogStore(path: "\(copied)/catalog.sqlite")
        #expect(try await survivor.digest() == digest)
        try await larger.write(to: survivor)
        #expect(try await survivor.digest() == store.digest())
      }
    }
  }

  @Test func `is read while another writes`() async throws {
    try await withFolder { folder in
      let path = "\(folder)/catalog.sqlite"
      let store = try SQLiteCatalogStore(path: path)
      try await Self.catalog.write(to: store)
      var configuration = Configuration()
      configuration.allowsUnsafeTransactions = true
      let writer = try DatabaseQueue(path: path, configuration: configuration)
      try await writer.writeWithoutTransaction { database in
        try database.execute(sql: "BEGIN IMMEDIATE; DELETE FROM titles")
      }
      #expect(try await store.snapshot().count == 80)
      #expect(try await store.titles(["t3"]).count == 1)
      try await writer.writeWithoutTransaction { database in
        try database.execute(sql: "COMMIT")
      }
      #expect(try await store.titles(["t3"]).isEmpty)
    }
  }

  @Test func `that is none is refused`() async throws {
    func refusal(_ path: String) -> StoreError? {
      do throws(StoreError) {
        _ = try SQLiteCatalogStore(path: path)
        return nil
      } catch {
        return error
      }
    }
    let cannotOpen = StoreError.unavailable(
      "the catalog file cannot be opened: its folder must exist and be writable"
    )
    #expect(refusal("/nowhere/catalog.sqlite") == cannotOpen)
    #expect(refusal("/tmp") == cannotOpen)
    #expect(refusal("/proc/catalog.sqlite") == cannotOpen)
    try await withFolder { folder in
      let path = "\(folder)/catalog.sqlite"
      try write(Array(repeating: 120, count: 5_000), to: path)
      #expect(refusal(path) == .unavailable("the file is not a catalog: no SQLite database"))
    }
    try await withFolder { folder in
      let path = "\(folder)/catalog.sqlite"
      let queue = try DatabaseQueue(path: path)
      try await queue.write { database in try database.execute(sql: "CREATE TABLE bills (id)") }
      try queue.close()
      let foreign = "the file is a database of another program, not a catalog"
      #expect(refusal(path) == .unavailable(foreign))
    }
    try await withFolder { folder in
      let path = "\(folder)/catalog.sqlite"
      let store = try SQLiteCatalogStore(path: path)
      try await store.pool.write { database in
        try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('of the future')")
      }
      try store.pool.close()
      #expect(refusal(path) == .unavailable("the catalog file was written by a newer version"))
    }
  }

  @Test(.enabled(if: geteuid() != 0, "root may write to any file"))
  func `that is read-only is read and not written`() async throws {
    try await withFolder { folder in
      let path = "\(folder)/catalog.sqlite"
      let writable = try SQLiteCatalogStore(path: path)
      try await Self.catalog.write(to: writable)
      try writable.pool.close()
      chmod(path, 0o400)
      let store = try SQLiteCatalogStore(path: path)
      #expect(try await store.snapshot().count == 80)
      let readOnly = StoreError.unavailable(
        "the catalog file cannot be written: it or its folder is read-only"
      )
      await #expect(throws: readOnly) { try await Self.catalog.write(to: store) }
    }
  }

  @Test func `that cannot be written says so and keeps its content`() async throws {
    try await withFolder { folder in
      let store = try SQLiteCatalogStore(path: "\(folder)/catalog.sqlite")
      try await Self.catalog.write(to: store)
      let digest = try await store.digest()
      let larger = SampleCatalog.scattered(titles: 900, words: 90, dimensions: 16, seed: 1)
      func expectUnavailable(_ reason: String, when pragma: String, undo: String) async throws {
        try await store.pool.writeWithoutTransaction { database in
          try database.execute(sql: pragma)
        }
        await #expect(throws: StoreError.unavailable(reason)) { try await larger.write(to: store) }
        try await store.pool.writeWithoutTransaction { database in
          try database.execute(sql: undo)
        }
        #expect(try await store.digest() == digest)
      }
      try await expectUnavailable(
        "the disk of the catalog file is full",
        when: "PRAGMA max_page_count = 1",
        undo: "PRAGMA max_page_count = 1000000"
      )
      try await expectUnavailable(
        "the catalog file cannot be written: it or its folder is read-only",
        when: "PRAGMA query_only = 1",
        undo: "PRAGMA query_only = 0"
      )
      try await larger.write(to: store)
      #expect(try await store.snapshot().count == 900)
    }
  }

  @Test func `that is damaged gives errors, not crashes`() async throws {
    let whole = try await Self.written()
    var generator = SeededGenerator(seed: 12)
    var errors: [StoreError] = []
    for round in 0..<70 {
      var damaged = whole
      if round.isMultiple(of: 10) {
        damaged.removeLast(Int.random(in: 1..<whole.count, using: &generator))
      } else {
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
          let place = Int.random(in: 0..<whole.count, using: &generator)
          damaged[place] = UInt8.random(in: 0...255, using: &generator)
        }
      }
      try await withFolder { folder in
        let path = "\(folder)/catalog.sqlite"
        try write(damaged, to: path)
        do {
          let store = try SQLiteCatalogStore(path: path)
          let snapshot = try await store.snapshot()
          _ = try snapshot.rank(RankingQuery(emotions: [], limit: 100))
          _ = try await store.titles(snapshot.ids)
          _ = try await store.sourceHashes()
          _ = try await store.digest()
          _ = try await store.delete(["t1", "t2"])
          try await Self.catalog.write(to: store)
        } catch {
          errors.append(try #require(error as? StoreError, "\(error)"))
        }
      }
    }
    #expect(errors.contains(.damaged))
    #expect(errors.count > 15)
  }
}
