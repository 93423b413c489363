import ArgumentParser
import CatalogCSV
import CatalogStore
import RPC
import ServiceRuntime

#if canImport(Glibc)
import Glibc
#endif

/// Builds the catalog from a file, with the emotion and the embedding service.
struct IngestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Annotate, embed and store titles from a CSV file in Kaggle's Netflix format.",
    discussion: """
      A run that was cut off is finished by running it again. With --batch the emotion service hands \
      titles over to its provider's batch API, at half the price and within a day; a journal beside \
      the file lets a run that was cut off go on without paying twice. Ends with 0 when every row is in the \
      catalog, with 65 when rows were bad or titles got no answer (each is named), with 66 when the \
      file can't be read, with 69 when a service or the store failed on the way.
      """
  )

  @Argument(help: "The CSV file.")
  var file: String?

  @Flag(help: "Take the starter catalog that comes with the gateway.")
  var starter = false

  @Option(help: "Take only this many titles.")
  var sample: Int?

  @Option(help: "Which titles a sample takes.")
  var seed: UInt64 = 0

  @Flag(help: "Annotate and embed again what is stored already.")
  var again = false

  @Flag(help: "First move the catalog into the space of the embedding service, where needed.")
  var reindex = false

  @Flag(help: "Say what would be done and what a language model would take for it.")
  var dryRun = false

  @Flag(
    help: "Annotate by the batch API of the emotion service's provider: slower, half the price."
  )
  var batch = false

  @Option(help: "Where --batch keeps what it handed over; beside the CSV file when not given.")
  var journal: String?

  @Option(help: "Seconds between looks at batches under way.")
  var pollSeconds = 60

  @Option(help: "USD for a million input tokens, for --dry-run (gpt-4o-mini: 0.15).")
  var inputPrice = 0.15

  @Option(help: "USD for a million output tokens, for --dry-run (gpt-4o-mini: 0.60).")
  var outputPrice = 0.60

  func validate() throws {
    guard (self.file == nil) == self.starter else {
      throw ValidationError("Name a CSV file, or give --starter.")
    }
    guard (1...3600).contains(self.pollSeconds) else {
      throw ValidationError("--poll-seconds must be 1...3600.")
    }
    guard (self.sample ?? 1) >= 1 else { throw ValidationError("--sample must be at least 1.") }
  }

  func run() async throws {
    let values = try ServiceRuntime.configuration(of: Gateway.self)
    let gateway = try wired(Gateway.self, values)
    let code = await self.ingest(with: gateway)
    await gateway.close()
    if code != EX_OK { throw ExitCode(code) }
  }

  private func ingest(with gateway: Gateway) async -> Int32 {
    do {
      var catalog = try CatalogFile(path: try self.path())
      if let sample { catalog.sample(sample, seed: self.seed) }
      for problem in catalog.problems { complain("\(self.file ?? "starter"):\(problem)") }
      if self.reindex, !self.dryRun { _ = try await gateway.reindexer.run { _, _ in } }
      let work = try await gateway.ingestor.work(for: catalog.rows, again: self.again)
      let batches = BatchIngest(
        ingestor: gateway.ingestor,
        pollInterval: .seconds(self.pollSeconds)
      ) { complain($0) }
      if self.dryRun {
        print(
          self.batch
            ? BatchBill.estimate(try await batches.estimate(work.pending), of: work.pending.count)
            : self.estimate(work, catalog)
        )
        return catalog.problems.isEmpty ? EX_OK : EX_DATAERR
      }
      if self.batch {
        let journal = try BatchJournal(path: self.journal ?? "\(self.file ?? "starter").batches")
        let (outcome, parts) = try await batches.run(work, journal)
        print(BatchBill.text(of: parts))
        return try await self.show(outcome, catalog, with: gateway)
      }
      return try await self.store(work, catalog, with: gateway)
    } catch let error as RPCError {
      complain("ingest: \(error.message) (\(error.code.name))")
      return EX_UNAVAILABLE
    } catch let error as StoreError {
      complain("ingest: \(error)")
      return EX_UNAVAILABLE
    } catch let error as BatchJournal.Unusable {
      complain("ingest: \(error)")
      return EX_CANTCREAT
    } catch {
      complain("ingest: \(self.file ?? "starter"): \(error)")
      return EX_NOINPUT
    }
  }

  private func store(
    _ work: Ingestor.Work,
    _ catalog: CatalogFile,
    with gateway: Gateway
  ) async throws -> Int32 {
    let start = ContinuousClock.now
    let progress = Progress(total: work.pending.count)
    let outcome = await gateway.ingestor.run(work) { progress.show($0) }
    progress.end()
    return try await self.show(outcome, catalog, with: gateway, since: start)
  }

  private func show(
    _ outcome: Ingestor.Outcome,
    _ catalog: CatalogFile,
    with gateway: Gateway,
    since start: ContinuousClock.Instant? = nil
  ) async throws -> Int32 {
    for failure in outcome.failures { complain("\(failure.id): \(failure.reason)") }
    let duration = start.map { ", in \(tenths($0.duration(to: .now) / .seconds(1))) s" } ?? ""
    print(
      "\(outcome.stored) titles stored, \(outcome.unchanged) unchanged, "
        + "\(catalog.problems.count) bad rows, \(catalog.repeated) repeated rows, "
        + "\(outcome.failures.count) titles without an answer\(duration)"
    )
    for (fallback, count) in outcome.fallbacks.sorted(by: { $0.key < $1.key }) {
      print("\(count) titles annotated by \(fallback); the next run annotates them again")
    }
    if let interruption = outcome.interruption { throw interruption }
    print("digest \(try await gateway.store.digest())")
    return catalog.problems.isEmpty && outcome.failures.isEmpty ? EX_OK : EX_DATAERR
  }

  private func path() throws -> String {
    if let file { return file }
    guard let path = resourcePath(module: "RecommendationGateway", "starter_catalog.csv") else {
      throw ValidationError("The starter catalog is not beside the executable.")
    }
    return path
  }

  /// An estimate of 250 tokens in and 110 out for a title, without what embeddings cost.
  private func estimate(_ work: Ingestor.Work, _ catalog: CatalogFile) -> String {
    let count = Double(work.pending.count)
    let dollars = count * (250 * self.inputPrice + 110 * self.outputPrice) / 1_000_000
    return """
      \(catalog.rows.count) titles in the file, \(work.unchanged) stored already, \
      \(work.pending.count) to do, \(catalog.problems.count) bad rows
      \(work.batches.count) AnnotateTitles calls and \(work.batches.count) Embed calls
      with a language model about \(Int(count * 250)) tokens in and \(Int(count * 110)) out: \
      about \(hundredths(dollars)) USD; with the local models 0 USD
      """
  }
}

func tenths(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }

func hundredths(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }
