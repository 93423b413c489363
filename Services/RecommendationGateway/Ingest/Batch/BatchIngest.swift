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
  /// A batch for which a provider has no room is not cut into smaller ones than this.
  private static let minTitlesPerBatch = 25
  /// Calls in a row that may fail before the run ends.
  private static let maxFailures = 10

  private typealias Part = BatchJournal.Part
  private typealias Version = BatchJournal.Version

  /// What a look at a batch has found.
  private enum Look {
    case running
    case ended
    /// The provider did not take it up, as it has as much waiting as it allows.
    case queueFull
    /// Ended, but a person has to do something before anything else is handed over.
    case stopped(Netflixgpt_Answer_V1_ItemFailure)
  }

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
    let known = Set(journal.parts.flatMap(\.versions))
    journal.add(
      work.pending.map { Version(id: $0.id, hash: $0.version) }.filter { !known.contains($0) },
      size: Self.titlesPerBatch
    )
    try journal.save()
    // An earlier run may have been killed with these on their way.
    if journal.parts.contains(where: { $0.wasTried && $0.id.isEmpty }) {
      self.report("an earlier run may have batches on their way: waiting until they show")
      try await Task.sleep(for: self.pollInterval)
    }
    var failures = 0
    // Whether the provider had no room for a batch, and none has ended since.
    var isQueueFull = false
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
            // Where there is no room one at a time is tried, once nothing of ours is in its way.
            if isQueueFull, !before.wasTried, Self.isUnderWay(journal, but: kept) { continue }
            if !before.wasTried {
              if before.provider.isEmpty { try await self.choose(&journal.parts[index], rows) }
              journal.parts[index].wasTried = true
              try journal.save()
            }
            try await self.handOver(&journal.parts[index], rows, mayExist: before.wasTried)
          } else {
            let isWhole = file.isSuperset(of: before.titles)
            switch try await self.collect(index, &journal, rows, &outcome, isWhole: isWhole) {
            case .running: break
            case .queueFull:
              isQueueFull = true
              if !isWhole { kept.insert(index) }
            case .ended:
              isQueueFull = false
              if !isWhole { kept.insert(index) }
            case .stopped(let failure):
              try journal.save()
              throw RPCError(
                Code(name: failure.code) ?? .failedPrecondition,
                "\(failure.message); the journal has what is left: run again after that is mended"
              )
            }
          }
          failures = 0
          guard journal.parts[index] != before else { continue }
          try journal.save()
          isMoving = true
        } catch let error as RPCError
          where error.isPassing && (hasFailed || failures < Self.maxFailures)
        {
          // However many parts fail in one pass, it is one time that the service is away.
          if !hasFailed { failures += 1 }
          hasFailed = true
          self.report("\(error.message) (\(error.code.name)); trying again")
        }
      }
      // What failed may be on its way still: it must show before it is looked for.
      if !isMoving || hasFailed || isQueueFull { try await Task.sleep(for: self.pollInterval) }
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

  /// Whether the provider has a batch of ours that it has not ended.
  private static func isUnderWay(_ journal: BatchJournal, but kept: Set<Int>) -> Bool {
    journal.parts.indices.contains { index in
      let part = journal.parts[index]
      return !part.isDone && !part.id.isEmpty && !kept.contains(index)
    }
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

  /// Finds out who will get a batch, so that it can be looked for there whatever comes.
  private func choose(_ part: inout Part, _ rows: [String: CatalogRow]) async throws {
    var request = Self.request(part, rows)
    request.estimateOnly = true
    let answer = try await self.ingestor.emotions.submit(request)
    (part.provider, part.model) = (answer.estimate.provider, answer.estimate.model)
    part.requests = answer.hasRequests ? Int(answer.requests) : nil
  }

  private static func request(
    _ part: Part,
    _ rows: [String: CatalogRow]
  ) -> Netflixgpt_Emotion_V1_SubmitAnnotationBatchRequest {
    .with {
      // A title that has left the file, or was stored meanwhile, is answered and not stored.
      $0.titles = part.titles.map { id in
        rows[id]?.catalogTitle.titleText
          ?? .with {
            $0.id = id
            $0.name = id
          }
      }
      $0.key = part.key
      $0.provider = part.provider
      $0.narrowing = Int32(clamping: part.handling.narrowing)
      $0.formsRefused = Int32(clamping: part.handling.formsRefused)
      $0.requests = Int32(clamping: part.requests ?? 0)
    }
  }

  private func handOver(
    _ part: inout Part,
    _ rows: [String: CatalogRow],
    mayExist: Bool
  ) async throws {
    var request = Self.request(part, rows)
    request.mayExist = mayExist
    let answer = try await self.ingestor.emotions.submit(request)
    guard answer.hasBatch else { return }
    (part.provider, part.model) = (answer.batch.provider, answer.batch.model)
    part.id = answer.batch.id
    self.report("batch \(part.id) of \(part.titles.count) titles handed over to \(part.provider)")
  }

  /// Stores what a batch has answered.
  ///
  /// With `isWhole` false the run's file lacks some of its titles, and it is not done with.
  ///
  /// - Returns: What was found; a batch that has ended is in the journal with what follows from it.
  /// - Throws: `RPCError` or `StoreError`; `outcome` is as it was then.
  private func collect(
    _ index: Int,
    _ journal: inout BatchJournal,
    _ rows: [String: CatalogRow],
    _ outcome: inout Ingestor.Outcome,
    isWhole: Bool
  ) async throws -> Look {
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
    guard !answer.running else { return .running }
    if answer.hasFailure, answer.failure.isQueueFull {
      self.report("batch \(part.id): the provider has too much waiting: trying again later")
      if isWhole { self.renew(index, &journal, rows) }
      return .queueFull
    }
    let hashes = Dictionary(zip(part.titles, part.hashes)) { first, _ in first }
    // A failure in passing lets all of it be stored and counted again.
    var counted = outcome
    var annotated: [CatalogTitle] = []
    var retry = BatchRetry()
    for annotation in answer.annotations {
      guard let row = rows[annotation.id], row.version == hashes[annotation.id] else { continue }
      if annotation.hasFailure {
        retry.add(
          Version(id: row.id, hash: row.version),
          annotation.failure,
          after: part.handling
        )
      } else {
        annotated.append(row.catalogTitle.annotated(by: annotation))
      }
    }
    for start in stride(from: 0, to: annotated.count, by: Ingestor.batchSize) {
      let titles = Array(annotated[start..<min(start + Ingestor.batchSize, annotated.count)])
      await self.ingestor.store(.success(try await self.ingestor.prepare(titles)), &counted)
      if let interruption = counted.interruption { throw interruption }
    }
    let unstored = counted.failures.dropFirst(outcome.failures.count)
    outcome = counted
    let unanswered = retry.failed.count + retry.again.reduce(0) { $0 + $1.titles.count }
    self.report(
      "batch \(part.id): \(annotated.count) titles annotated, \(unanswered) without an answer"
    )
    if isWhole {
      journal.parts[index].isDone = true
      journal.parts[index].inputTokens = Int(answer.usage.inputTokens)
      journal.parts[index].outputTokens = Int(answer.usage.outputTokens)
      journal.parts[index].usd = answer.usage.hasUsd ? answer.usage.usd : nil
      for (handling, titles) in retry.again {
        journal.add(titles, handling, size: Self.titlesPerBatch)
      }
      outcome.failures += retry.failed
      journal.parts[index].failures = Dictionary(
        (retry.failed + unstored).map { ($0.id, $0.reason) }
      ) { first, _ in first }
    }
    // Of a batch with titles that the file lacks, what failed is left to a run of the whole file.
    return isWhole ? retry.stop.map { .stopped($0) } ?? .ended : .ended
  }

  /// Puts a batch for which there was no room back, in two where nothing of ours was in its way.
  private func renew(
    _ index: Int,
    _ journal: inout BatchJournal,
    _ rows: [String: CatalogRow]
  ) {
    let wanted = journal.parts[index].versions.filter { rows[$0.id]?.version == $0.hash }
    let isAlone = !Self.isUnderWay(journal, but: [index])
    let half = max(Self.minTitlesPerBatch, (wanted.count + 1) / 2)
    journal.renew(index, with: wanted, size: isAlone ? half : Self.titlesPerBatch)
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
