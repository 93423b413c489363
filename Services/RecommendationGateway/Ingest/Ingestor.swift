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

  struct Outcome: Sendable {
    var stored = 0
    var unchanged = 0
    /// Titles without an answer, and why.
    var failures: [(id: String, reason: String)] = []
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
    let known = again ? [:] : try await self.store.sourceHashes()
    let pending = rows.filter { known[$0.id] != $0.catalogTitle.sourceHash(space: space) }
    return Work(pending: pending, unchanged: rows.count - pending.count)
  }

  /// Stores the pending rows; `progress` hears of each batch that is done.
  func run(
    _ work: Work,
    progress: @Sendable (_ done: Int) -> Void
  ) async throws -> Outcome {
    var outcome = Outcome(unchanged: work.unchanged)
    try await withThrowingTaskGroup(of: Prepared.self) { group in
      var waiting = work.batches.makeIterator()
      func startNext() {
        guard let batch = waiting.next() else { return }
        group.addTask { try await self.prepare(batch) }
      }
      for _ in 0..<Self.batchesAtOnce { startNext() }
      while let prepared = try await group.next() {
        startNext()
        if !prepared.titles.isEmpty {
          try await self.store.upsert(
            prepared.titles,
            emotionVectors: prepared.vectors,
            space: prepared.space
          )
        }
        outcome.stored += prepared.titles.count
        outcome.failures += prepared.failures
        progress(outcome.stored + outcome.failures.count)
      }
    }
    return outcome
  }

  private struct Prepared: Sendable {
    var titles: [StoredTitle] = []
    var vectors: [String: [Float]] = [:]
    var space = ""
    var failures: [(id: String, reason: String)] = []
  }

  /// Asks the services about a batch; the calls may take long where a language model answers.
  private func prepare(_ rows: [CatalogRow]) async throws -> Prepared {
    let annotations = try await self.emotions.annotations(
      of: rows.map(\.titleText),
      timeout: .seconds(120)
    )
    var prepared = Prepared()
    var annotated: [(CatalogRow, Netflixgpt_Emotion_V1_TitleAnnotation)] = []
    for (row, annotation) in zip(rows, annotations) {
      if annotation.hasFailure {
        prepared.failures.append((row.id, annotation.failure.message))
      } else {
        annotated.append((row, annotation))
      }
    }
    guard !annotated.isEmpty else { return prepared }
    let words = Set(annotated.flatMap { $0.1.emotions.map(\.name) })
    let texts = annotated.map { $0.0.contentText }
    let answer = try await self.embeddings.vectors(
      of: Array(words) + texts,
      timeout: .seconds(120)
    )
    prepared.space = answer.space
    prepared.vectors = answer.vectors.filter { words.contains($0.key) }
    for (row, annotation) in annotated {
      // An emotion without a vector can't be matched with anything.
      let emotions = annotation.emotions.filter { prepared.vectors[$0.name] != nil }
      guard !emotions.isEmpty else {
        prepared.failures.append((row.id, "none of its emotions is known to the embedding model"))
        continue
      }
      prepared.titles.append(
        StoredTitle(
          title: row.title(annotation, emotions: emotions),
          contentVector: answer.vectors[row.contentText],
          sourceHash: row.catalogTitle.sourceHash(space: answer.space)
        )
      )
    }
    return prepared
  }
}
