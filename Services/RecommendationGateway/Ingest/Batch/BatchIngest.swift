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
  ///   - journal: Of an earlier run that was cut off, or empty; its file is gone at the end, unless
  ///     it has answers for titles that are not in this run's file.
  ///   - file: Ids of all titles of this run's file.
  /// - Returns: What was stored, and the batches with what they cost.
  /// - Throws: What keeps the run from going on; the journal's file has what was done.
  func run(
    _ work: Ingestor.Work,
    _ journal: BatchJournal,
    of file: Set<String>
  ) async throws -> (outcome: Ingestor.Outcome, bill: [BatchJournal.Part]) {
    var journal = journal
    var outcome = Ingestor.Outcome(unchanged: work.unchanged)
    let rows = Dictionary(work.pending.map { ($0.id, $0) }) { first, _ in first }
    outcome.failures = journal.parts.flatMap { part in
      part.failures.filter { rows[$0.key] != nil }.map { ($0.key, $0.value) }
    }
    Self.update(&journal, to: rows)
    let known = Set(journal.parts.flatMap { zip($0.titles, $0.hashes).map(Version.init) })
    journal.add(
      work.pending.map { (id: $0.id, hash: $0.version) }
        .filter { !known.contains(Version(id: $0.id, hash: $0.hash)) },
      attempt: 1,
      size: Self.titlesPerBatch
    )
    try journal.save()
    // An earlier run may have been killed with these on their way.
    if journal.parts.contains(where: { $0.wasTried && $0.id.isEmpty }) {
      self.report("an earlier run may have batches on their way: waiting until they show")
      try await Task.sleep(for: self.pollInterval)
    }
    var failures = 0
    // Collected, with answers that can't be stored by this run.
    var kept: Set<Int> = []
    while let place = journal.parts.indices.first(where: {
      !journal.parts[$0].isDone && !kept.contains($0)
    }) {
      var (isMoving, hasFailed) = (false, false)
      for index in place..<journal.parts.count
      where !journal.parts[index].isDone && !kept.contains(index) {
        do {
          let before = journal.parts[index]
          if before.id.isEmpty {
            journal.parts[index].wasTried = true
            if !before.wasTried { try journal.save() }
            try await self.handOver(&journal.parts[index], rows, mayExist: before.wasTried)
          } else {
            let isWhole = file.isSuperset(of: before.titles)
            let isOver = try await self.collect(index, &journal, rows, &outcome, isWhole: isWhole)
            if isOver, !isWhole { kept.insert(index) }
          }
          failures = 0
          guard journal.parts[index] != before else { continue }
          try journal.save()
          isMoving = true
        } catch let error as RPCError where error.isPassing && failures < Self.maxFailures {
          failures += 1
          hasFailed = true
          self.report("\(error.message) (\(error.code.name)); trying again")
        }
      }
      // What failed may be on its way still: it must show before it is looked for.
      if !isMoving || hasFailed { try await Task.sleep(for: self.pollInterval) }
    }
    if kept.isEmpty {
      journal.remove()
    } else {
      self.report(
        "\(kept.count) batches have answers for titles that are not in this file: the journal stays; "
          + "run again with the file that they came from, or remove it"
      )
    }
    return (outcome, journal.parts)
  }

  /// One state of a title.
  private struct Version: Hashable {
    var id: String
    var hash: UInt64
  }

  /// Takes out of what was certainly not handed over what need not be, or has changed.
  private static func update(_ journal: inout BatchJournal, to rows: [String: CatalogRow]) {
    for index in journal.parts.indices where !journal.parts[index].wasTried {
      let part = journal.parts[index]
      let wanted = zip(part.titles, part.hashes).filter { rows[$0]?.version == $1 }
      journal.parts[index].titles = wanted.map(\.0)
      journal.parts[index].hashes = wanted.map(\.1)
    }
    journal.parts.removeAll { $0.titles.isEmpty }
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

  /// Stores what a batch has answered.
  ///
  /// With `isWhole` false the run's file lacks some of its titles, and it is not done with.
  ///
  /// - Returns: Whether it has ended.
  /// - Throws: `RPCError` or `StoreError`; `outcome` is as it was then.
  private func collect(
    _ index: Int,
    _ journal: inout BatchJournal,
    _ rows: [String: CatalogRow],
    _ outcome: inout Ingestor.Outcome,
    isWhole: Bool
  ) async throws -> Bool {
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
    guard !answer.running else { return false }
    let hashes = Dictionary(zip(part.titles, part.hashes)) { first, _ in first }
    // A failure in passing lets all of it be stored and counted again.
    var counted = outcome
    var annotated: [CatalogTitle] = []
    var failed: [(id: String, reason: String)] = []
    for annotation in answer.annotations {
      guard let row = rows[annotation.id], row.version == hashes[annotation.id] else { continue }
      if annotation.hasFailure {
        failed.append((annotation.id, annotation.failure.message))
      } else {
        annotated.append(row.catalogTitle.annotated(by: annotation))
      }
    }
    for start in stride(from: 0, to: annotated.count, by: Ingestor.batchSize) {
      let titles = Array(annotated[start..<min(start + Ingestor.batchSize, annotated.count)])
      await self.ingestor.store(.success(try await self.ingestor.prepare(titles)), &counted)
      if let interruption = counted.interruption { throw interruption }
    }
    outcome = counted
    self.report(
      "batch \(part.id): \(annotated.count) titles annotated, \(failed.count) without an answer"
    )
    guard isWhole else { return true }
    journal.parts[index].isDone = true
    journal.parts[index].inputTokens = Int(answer.usage.inputTokens)
    journal.parts[index].outputTokens = Int(answer.usage.outputTokens)
    journal.parts[index].usd = answer.usage.hasUsd ? answer.usage.usd : nil
    if part.attempt < Self.maxAttempts {
      journal.add(
        failed.map { (id: $0.id, hash: hashes[$0.id] ?? 0) },
        attempt: part.attempt + 1,
        size: Self.titlesPerBatch
      )
    } else {
      outcome.failures += failed
      journal.parts[index].failures = Dictionary(failed.map { ($0.id, $0.reason) }) { first, _ in
        first
      }
    }
    return true
  }
}

extension CatalogRow {
  /// The same as long as nothing of the row changes.
  fileprivate var version: UInt64 { self.catalogTitle.sourceHash(space: "") }
}

extension RPCError {
  /// Whether a later call may fare better.
  fileprivate var isPassing: Bool {
    [.unavailable, .deadlineExceeded, .unknown, .aborted].contains(self.code)
  }
}
