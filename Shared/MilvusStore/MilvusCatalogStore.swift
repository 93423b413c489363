package import CatalogStore
package import HTTPMessage
package import RPC
internal import Synchronization

/// A catalog in Milvus, searched exactly in memory.
///
/// Several processes may use one catalog. Its rows lie in two collections, one of titles and one of
/// distinct emotions; its versions are the names of further ones, as `VersionLog` says.
package final class MilvusCatalogStore: TitleStore {
  package let kind = "milvus"

  private let reading: CatalogReading
  private let limits: WritingLimits
  private let writer: CatalogWriter
  private let snapshots = SnapshotCache()
  private let seen = Mutex(Seen())
  /// Whether the latest look at the version failed by what passes.
  private let isAway = Atomic(false)

  /// The version seen last, and how versions become numbers that only rise.
  private struct Seen {
    var version: CatalogVersion?
    var at: ContinuousClock.Instant?
    /// Added to slots: a catalog that was dropped and made again counts from 1 again.
    var base: Int64 = 0
    /// The version after which stale generations were dropped.
    var tidied: UInt64 = 0
  }

  /// How long a call for an answer in service may wait for Milvus.
  private static let servingPatience = Duration.seconds(2)

  /// Makes a store; nothing is asked before it is used.
  ///
  /// - Parameters:
  ///   - send: Reaches Milvus by HTTP/2, through whichever of its proxies work.
  ///   - database: Empty for Milvus's default.
  ///   - prefix: What the names of all its collections start with.
  ///   - credentials: Who asks.
  package convenience init(
    send: @escaping HTTPHandler,
    database: String = "",
    prefix: String = "netflixgpt",
    credentials: MilvusCredentials = .none
  ) {
    self.init(
      send: send,
      database: database,
      prefix: prefix,
      credentials: credentials,
      limits: WritingLimits()
    )
  }

  /// As above, with bounds that tests reach.
  init(
    send: @escaping HTTPHandler,
    database: String,
    prefix: String,
    credentials: MilvusCredentials = .none,
    limits: WritingLimits
  ) {
    let client = MilvusClient(send: send, database: database, credentials: credentials)
    self.reading = CatalogReading(
      log: VersionLog(client: client, names: CollectionNames(prefix: prefix))
    )
    self.limits = limits
    self.writer = CatalogWriter(reading: self.reading, limits: limits)
  }

  /// What calling the method of a path twice does; `nil` for one that no store calls.
  package static func idempotency(of path: String) -> Idempotency? {
    MilvusMethod.allCases.first { method in method.path == path }?.idempotency
  }

  package var delay: StoreError? { self.snapshots.delay }

  package func snapshot(for use: CatalogUse) async throws(StoreError) -> CatalogSnapshot {
    let end = ContinuousClock.now + Self.patience(for: use)
    while true {
      do throws(StoreError) {
        return try await self.snapshots.snapshot(for: use) { self.startRefresh() }
      } catch {
        // A look has the patience of those who wait least: they all share it.
        guard case .unavailable = error, self.isAway.load(ordering: .relaxed),
          .now + Self.servingPatience < end
        else { throw error }
        try? await Task.sleep(for: .milliseconds(250))
        if Task.isCancelled { throw .cancelled }
      }
    }
  }

  /// Not bound to the task that happens to ask first: others wait for the outcome too.
  private func startRefresh() {
    Task {
      await CallScope.$current.withValue(CallScope()) {
        let waiting = Waiting { error in self.snapshots.note(delay: StoreError(error)) }
        await Waiting.$current.withValue(waiting) {
          await self.refresh()
        }
      }
    }
  }

  private func refresh() async {
    var stale: CatalogVersion?
    await self.snapshots.refreshed { () throws(StoreError) in
      let version = try await Self.plainly { () throws(MilvusError) in
        self.isAway.store(false, ordering: .relaxed)
        do throws(MilvusError) {
          return try await self.reading.log.latest(patience: Self.servingPatience)
        } catch {
          self.isAway.store(error.isRetriable || error.isLate, ordering: .relaxed)
          throw error
        }
      }
      let writes = self.note(version)
      stale = self.claimsTidying(of: version) ? version : nil
      return (
        version.name, writes,
        { () throws(StoreError) in
          try await Self.plainly { () throws(MilvusError) in
            try await self.reading.snapshot(at: version)
          }
        }
      )
    }
    if let stale { await self.writer.tidy(after: stale) }
  }

  private static func patience(for use: CatalogUse) -> Duration {
    switch use {
    case .answers: self.servingPatience
    case .changes: CatalogReading.patience
    }
  }

  /// Whether this is the first time that a version is seen to have generations to drop.
  private func claimsTidying(of version: CatalogVersion) -> Bool {
    guard version.hasStaleGenerations(after: self.limits.graceSeconds) else { return false }
    return self.seen.withLock { seen in
      defer { seen.tidied = version.slot }
      return seen.tidied != version.slot
    }
  }

  package func titles(
    _ ids: [String],
    for use: CatalogUse
  ) async throws(StoreError) -> [CatalogTitle] {
    guard !ids.isEmpty else { return [] }
    let patience = Self.patience(for: use)
    let records = try await Self.plainly { () throws(MilvusError) in
      let version = try await self.recent(patience: patience)
      let records = try await self.reading.records(ids, at: version, patience: patience)
      if ids.allSatisfy({ records[$0] != nil }) { return records }
      // Missing, or replaced so long ago that its row at this version is gone.
      return try await self.reading.consistently(at: version) { version throws(MilvusError) in
        try await self.reading.records(ids, at: version, patience: patience)
      }
    }
    return ids.compactMap { id in records[id] }
  }

  package func problem(with title: CatalogTitle) -> String? {
    if let problem = TitleBatch.problem(with: title) { return problem }
    do throws(StoreError) { try TitleRows.check(title) } catch { return error.description }
    return nil
  }

  package func upsert(
    _ titles: [StoredTitle],
    emotionVectors: [String: [Float]],
    space: String
  ) async throws(StoreError) {
    let batch = try TitleBatch(titles, emotionVectors: emotionVectors, space: space)
    guard !titles.isEmpty else { return }
    try await self.write { inventory throws(StoreError) in
      (try Draft(upserting: batch, to: inventory), isWhole: false)
    }
  }

  package func replace(
    version: String,
    with titles: [StoredTitle],
    emotionVectors: [String: [Float]],
    space: String
  ) async throws(StoreError) {
    let batch = try TitleBatch(titles, emotionVectors: emotionVectors, space: space)
    try await self.write { inventory throws(StoreError) in
      guard inventory.version.name == version else {
        throw .rejected("the catalog has changed since it was read")
      }
      return (try Draft(replacingAllBy: batch), isWhole: true)
    }
  }

  package func delete(_ ids: [String]) async throws(StoreError) -> Int {
    let deleted = Mutex(0)
    try await self.write { inventory throws(StoreError) in
      let draft = Draft(removing: ids, from: inventory)
      deleted.withLock { count in count = draft?.removed.count ?? 0 }
      return draft.map { ($0, isWhole: false) }
    }
    return deleted.withLock(\.self)
  }

  package func sourceHashes() async throws(StoreError) -> [String: UInt64] {
    try await Self.plainly { () throws(MilvusError) in
      let version = try await self.reading.log.latest(patience: CatalogReading.patience)
      return try await self.reading.sourceHashes(at: version)
    }
  }

  package func digest() async throws(StoreError) -> String {
    try await Self.plainly { () throws(MilvusError) in
      let version = try await self.reading.log.latest(patience: CatalogReading.patience)
      return try await self.reading.contents(at: version).digest
    }
  }

  private func write(
    _ plan: @Sendable @escaping (Inventory) throws(StoreError) -> (draft: Draft, isWhole: Bool)?
  ) async throws(StoreError) {
    let version = try await self.writer.write(plan)
    self.snapshots.require(writes: self.note(version))
  }

  /// The version seen a moment ago, or the present one.
  private func recent(patience: Duration) async throws(MilvusError) -> CatalogVersion {
    let seen = self.seen.withLock(\.self)
    if let version = seen.version, let at = seen.at, at.duration(to: .now) < SnapshotCache.trusted {
      return version
    }
    let version = try await self.reading.log.latest(patience: patience)
    _ = self.note(version)
    return version
  }

  /// Keeps the later of two versions.
  ///
  /// - Returns: How often the catalog had been written.
  private func note(_ version: CatalogVersion) -> Int64 {
    self.seen.withLock { seen in
      if let known = seen.version, known.manifest.lineage != version.manifest.lineage {
        // Someone dropped the catalog.
        seen.base += Int64(known.slot) + 1
        seen.version = version
      } else if version.slot >= seen.version?.slot ?? 0 {
        seen.version = version
      }
      seen.at = .now
      return seen.base + Int64(version.slot)
    }
  }

  private static func plainly<Value>(
    _ body: () async throws(MilvusError) -> Value
  ) async throws(StoreError) -> Value {
    do { return try await body() } catch { throw StoreError(error) }
  }
}
