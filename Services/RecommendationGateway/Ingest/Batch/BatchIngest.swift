import CatalogCSV
import CatalogStore
import Contracts
import RPC
import SwiftProtobuf

/// Annotates titles by a provider's batches, and stores them as they come.
///
/// A run that was cut off at any point is taken up by the next one: what was handed over is
/// collected, not handed over again.
struct BatchIngest: Sendable {
  let ingestor: Ingestor
  let pollInterval: Duration
  /// Hears what is going on, in lines for a person.
  let report: @Sendable (String) -> Void

  static let titlesPerBatch = 500
  /// How often a title is handed over whose answer failed or ran out of time.
  static let maxAttempts = 3
  /// Calls in a row that may fail before the run ends.
  private static let maxFailures = 10

  private typealias Part = BatchJournal.Part

  /// What the batches of `rows` would take.
  func estimate(_ rows: [CatalogRow]) async throws -> [Netflixgpt_Answer_V1_Usage] {
    var estimates: [Netflixgpt_Answer_V1_Usage] = []
    for start in stride(from: 0, to: rows.count, by: Self.titlesPerBatch) {
      let part = rows[start..<min(start + Self.titlesPerBatch, rows.count)]
      let answer = try await self.ingestor.emotions.submit(
        .with {
          $0.titles = part.map(\.catalogTitle.titleText)
          $0.key = "estimate"
          $0.estimateOnly = true
        }
      )
      estimates.append(answer.estimate)
    }
    return estimates
  }

  /// Hands over what is pending, waits for it, and stores it.
  ///
  /// - Parameters:
  ///   - work: What is not stored yet.
  ///   - journal: Of an earlier run that was cut off, or empty; its file is gone at the end.
  /// - Returns: What was stored, and the batches with what they cost.
  /// - Throws: What keeps the run from going on; the journal's file has what was done.
  func run(
    _ work: Ingestor.Work,
    _ journal: BatchJournal
  ) async throws -> (outcome: Ingestor.Outcome, bill: [BatchJournal.Part]) {
    var journal = journal
    var outcome = Ingestor.Outcome(unchanged: work.unchanged)
    let rows = Dictionary(work.pending.map { ($0.id, $0) }) { first, _ in first }
    // An earlier run may have been killed with these on their way.
    var tried = Set(journal.parts.filter(\.id.isEmpty).map(\.key))
    let open = Set(journal.parts.filter { !$0.isDone }.flatMap(\.titles))
    journal.add(
      work.pending.map(\.id).filter { !open.contains($0) },
      attempt: 1,
      size: Self.titlesPerBatch
    )
    try journal.save()
    if !tried.isEmpty {
      self.report("an earlier run may have batches on their way: waiting until they show")
      try await Task.sleep(for: self.pollInterval)
    }
    var failures = 0
    while let place = journal.parts.firstIndex(where: { !$0.isDone }) {
      var isMoving = false
      for index in place..<journal.parts.count where !journal.parts[index].isDone {
        do {
          let before = journal.parts[index]
          if before.id.isEmpty {
            let mayExist = !tried.insert(before.key).inserted
            try await self.handOver(&journal.parts[index], rows, mayExist: mayExist)
          } else {
            try await self.collect(index, &journal, rows, &outcome)
          }
          failures = 0
          guard journal.parts[index] != before else { continue }
          try journal.save()
          isMoving = true
        } catch let error as RPCError where error.isPassing && failures < Self.maxFailures {
          failures += 1
          self.report("\(error.message) (\(error.code.name)); trying again")
        }
      }
      if !isMoving { try await Task.sleep(for: self.pollInterval) }
    }
    journal.remove()
    return (outcome, journal.parts)
  }

  private func handOver(
    _ part: inout Part,
    _ rows: [String: CatalogRow],
    mayExist: Bool
  ) async throws {
    // A title that has left the file, or was stored meanwhile, is answered and not stored.
    let (key, ids) = (part.key, part.titles)
    let texts = ids.map { id -> Netflixgpt_Emotion_V1_TitleText in
      rows[id]?.catalogTitle.titleText
        ?? .with {
          $0.id = id
          $0.name = id
        }
    }
    let answer = try await self.ingestor.emotions.submit(
      .with {
        $0.titles = texts
        $0.key = key
        $0.mayExist = mayExist
      }
    )
    guard answer.hasBatch else { return }
    (part.provider, part.model) = (answer.batch.provider, answer.batch.model)
    part.id = answer.batch.id
    self.report("batch \(part.id) of \(ids.count) titles handed over to \(part.provider)")
  }

  private func collect(
    _ index: Int,
    _ journal: inout BatchJournal,
    _ rows: [String: CatalogRow],
    _ outcome: inout Ingestor.Outcome
  ) async throws {
    let part = journal.parts[index]
    let answer = try await self.ingestor.emotions.collect(
      .with {
        $0.batch.provider = part.provider
        $0.batch.model = part.model
        $0.batch.id = part.id
        $0.batch.key = part.key
        $0.titleIds = part.titles
      }
    )
    guard !answer.running else { return }
    var annotated: [CatalogTitle] = []
    var failed: [(id: String, reason: String)] = []
    for annotation in answer.annotations {
      guard let row = rows[annotation.id] else { continue }
      if annotation.hasFailure {
        failed.append((annotation.id, annotation.failure.message))
      } else {
        annotated.append(row.catalogTitle.annotated(by: annotation))
      }
    }
    for start in stride(from: 0, to: annotated.count, by: Ingestor.batchSize) {
      let titles = Array(annotated[start..<min(start + Ingestor.batchSize, annotated.count)])
      await self.ingestor.store(.success(try await self.ingestor.prepare(titles)), &outcome)
      if let interruption = outcome.interruption { throw interruption }
    }
    self.report(
      "batch \(part.id): \(annotated.count) titles annotated, \(failed.count) without an answer"
    )
    journal.parts[index].isDone = true
    journal.parts[index].inputTokens = Int(answer.usage.inputTokens)
    journal.parts[index].outputTokens = Int(answer.usage.outputTokens)
    journal.parts[index].usd = answer.usage.hasUsd ? answer.usage.usd : nil
    if part.attempt < Self.maxAttempts {
      journal.add(failed.map(\.id), attempt: part.attempt + 1, size: Self.titlesPerBatch)
    } else {
      outcome.failures += failed
    }
  }
}

extension RPCError {
  /// Whether a later call may fare better.
  fileprivate var isPassing: Bool {
    [.unavailable, .deadlineExceeded, .unknown, .aborted].contains(self.code)
  }
}
