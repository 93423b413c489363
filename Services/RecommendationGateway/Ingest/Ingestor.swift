import CatalogCSV
import CatalogStore
import Contracts
import RPC

/// Annotates, embeds and stores titles, a batch at a time.
///
/// Each batch is one transaction and titles already stored are passed over, so that a run that was
/// cut off at any point is finished by the next one, with the same catalog as one that was not.
struct Ingestor: Sendable {
  let emotions: EmotionBackend
  let embeddings: EmbeddingBackend
  let store: any TitleStore

  static let batchSize = 32
  static let batchesAtOnce = 4
  /// The source hash of a title that a fallback annotated: the next run annotates it again.
  static let provisional: UInt64 = 0

  struct Outcome: Sendable {
    var stored = 0
    var unchanged = 0
    /// Titles without an answer or that can't be stored, and why.
    var failures: [(id: String, reason: String)] = []
    /// How many stored titles were annotated by whom in whose place, and why.
    var fallbacks: [String: Int] = [:]
    /// What ended the run before its end.
    var interruption: (any Error)?
  }

  /// What a run would do.
  struct Work: Sendable {
    var pending: [CatalogRow]
    var unchanged: Int
    var batches: [[CatalogRow]] {
      stride(from: 0, to: self.pending.count, by: Ingestor.batchSize).map {
        Array(self.pending[$0..<min($0 + Ingestor.batchSize, self.pending.count)])
      }
    }
  }

  /// Leaves out the rows whose titles are stored just so, in the space the service has now.
  func work(for rows: [CatalogRow], again: Bool) async throws -> Work {
    let space = try await self.embeddings.currentSpace()
    let served = try await self.store.snapshot(for: .changes)
    guard served.count == 0 || served.space == space else {
      throw Recommender.spaceMismatch(catalog: served.space, service: space)
    }
    let known = again ? [:] : try await self.store.sourceHashes()
    let pending = rows.filter { known[$0.id] != $0.catalogTitle.sourceHash(space: space) }
    return Work(pending: pending, unchanged: rows.count - pending.count)
  }

  /// Stores the pending rows; `progress` hears of each batch that is done.
  ///
  /// A failure ends the run, after the batches under way are stored unless it is the store's; the
  /// outcome names it.
  func run(_ work: Work, progress: @Sendable (_ done: Int) -> Void) async -> Outcome {
    await withTaskGroup(of: Result<PreparedTitles, any Error>.self) { group in
      var outcome = Outcome(unchanged: work.unchanged)
      for (index, batch) in work.batches.enumerated() {
        if index >= Self.batchesAtOnce, let result = await group.next() {
          await self.store(result, &outcome)
          progress(outcome.stored + outcome.failures.count)
        }
        if outcome.interruption != nil { break }
        group.addTask {
          do {
            return .success(try await self.prepare(batch.map(\.catalogTitle)))
          } catch { return .failure(error) }
        }
      }
      while let result = await group.next() {
        await self.store(result, &outcome)
        progress(outcome.stored + outcome.failures.count)
      }
      return outcome
    }
  }

  /// Stores what was prepared; the first failure is kept as what interrupted the run.
  func store(_ result: Result<PreparedTitles, any Error>, _ outcome: inout Outcome) async {
    // The store was waited for long enough; the other batches would wait as long each.
    if outcome.interruption is StoreError { return }
    do {
      let prepared = try result.get()
      if !prepared.titles.isEmpty {
        try await self.store.upsert(
          prepared.titles,
          emotionVectors: prepared.vectors,
          space: prepared.space
        )
      }
      outcome.stored += prepared.titles.count
      outcome.failures += prepared.failures.sorted { $0.key < $1.key }
        .map { (id: $0.key, reason: $0.value.message) }
      for title in prepared.titles {
        for fallback in prepared.degraded[title.title.id] ?? [] {
          let name = "\(fallback.to) instead of \(fallback.from) (\(fallback.reason))"
          outcome.fallbacks[name, default: 0] += 1
        }
      }
    } catch {
      outcome.interruption = outcome.interruption ?? error
    }
  }

  /// Asks the services about a batch, once more after a moment where one is not available.
  func prepare(_ titles: [CatalogTitle]) async throws -> PreparedTitles {
    let preparation = TitlePreparation(
      emotions: self.emotions,
      embeddings: self.embeddings,
      store: self.store
    )
    do {
      return try await preparation.prepare(titles)
    } catch let error as RPCError where error.code == .unavailable {
      try await Task.sleep(for: min(error.retryDelay ?? .seconds(1), .seconds(30)))
      return try await preparation.prepare(titles)
    }
  }
}
