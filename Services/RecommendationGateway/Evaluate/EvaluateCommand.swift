import ArgumentParser
import Caching
import CatalogStore
import RPC
import ServiceRuntime

/// Measures which titles moods are answered with.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure which titles of the catalog moods are answered with.",
    discussion: """
      Asks the two services, whichever providers they are configured with. A title fits a mood when \
      it has one of the genres or words of the mood's line; nDCG@10 weighs the first of ten places \
      most. Beside the answers as configured there are those by emotions alone, by the text alone, \
      by a catalog annotated without its genres, and by the way of the first NetflixGPT (seedMode: \
      one vector of the whole list of emotions, Euclidean distance). GoEmotions measures the chain \
      without titles: comments labelled with emotions find others, the gain being the labels they \
      share.
      """
  )

  @Option(help: "text TAB kind TAB genres TAB words, commas between.")
  var moods: String?

  @Option(help: "GoEmotions' form: text TAB label,numbers TAB id.")
  var goemotions: String?

  @Option(help: "How many moods are shown with their first three titles.")
  var examples = 20

  @OptionGroup var output: FigureOutput

  private struct Titles: Codable {
    /// A way to answer -> a kind of mood -> figures.
    var figures: [String: TitleEvaluation.Figures]
    var examples: [String]
    /// The ten moods with the lowest nDCG@10.
    var worst: [String]
  }

  private struct Found: Codable {
    var titles: Titles?
    var comments: CommentRetrieval.Figures?
  }

  func validate() throws {
    guard self.moods != nil || self.goemotions != nil else {
      throw ValidationError("Give --moods, --goemotions or both.")
    }
    guard self.examples >= 0 else { throw ValidationError("--examples must be at least 0.") }
  }

  func run() async throws {
    let values = try ServiceRuntime.configuration(of: Gateway.self)
    let gateway = try wired(Gateway.self, values)
    let result: Result<Found, any Error>
    do {
      result = .success(
        Found(
          titles: try await self.titles(gateway.recommender),
          comments: try await self.comments(gateway.recommender)
        )
      )
    } catch { result = .failure(error) }
    await gateway.close()
    switch result {
    case .success(let found): try self.output.show(found)
    case .failure(let error as ExitCode): throw error
    case .failure(let error as MoodQueries.Malformed):
      complain("evaluate: \(error)")
      throw ExitCode(65)
    case .failure(let error):
      complain("evaluate: \((error as? RPCError)?.message ?? "\(error)")")
      throw ExitCode(69)
    }
  }

  private func comments(_ recommender: Recommender) async throws -> CommentRetrieval.Figures? {
    guard let path = self.goemotions else { return nil }
    let comments = try CommentRetrieval(try labelledText(atPath: path))
    return try await comments.judged(
      emotions: recommender.emotions,
      embeddings: recommender.embeddings
    )
  }

  private func titles(_ recommender: Recommender) async throws -> Titles? {
    guard let path = self.moods else { return nil }
    let queries = try MoodQueries(try labelledText(atPath: path))
    try requireRows(queries.queries, inFileAt: path)
    let snapshot = try await recommender.store.snapshot(for: .answers)
    guard snapshot.count > 0 else { throw RPCError.emptyCatalog }
    let titles = try await recommender.store.titles(snapshot.ids)
    let evaluation = TitleEvaluation(queries, titles: titles)
    let answers = try await evaluation.answers(by: recommender, in: snapshot)
    var figures = ["configured": evaluation.figures(answers)]
    for (name, weight) in [("emotionsAlone", 0.0), ("textAlone", 1.0)] {
      let other = recommender.with(store: recommender.store, contentWeight: weight)
      figures[name] = evaluation.figures(try await evaluation.answers(by: other, in: snapshot))
    }
    figures["seedMode"] = try await evaluation.seedMode(
      answers,
      embeddings: recommender.embeddings
    )
    figures["withoutGenres"] = evaluation.figures(
      try await self.genreless(titles, evaluation, recommender)
    )
    return Titles(
      figures: figures,
      examples: answers.prefix(self.examples).map(\.line),
      worst: answers.sorted { $0.ndcg < $1.ndcg }.prefix(10).map {
        "\(($0.ndcg * 100).rounded() / 100) \($0.line)"
      }
    )
  }

  private func genreless(
    _ titles: [CatalogTitle],
    _ evaluation: TitleEvaluation,
    _ recommender: Recommender
  ) async throws -> [TitleEvaluation.Answered] {
    let catalog = try await GenrelessCatalog(of: titles, by: recommender)
    defer { catalog.remove() }
    let other = recommender.with(
      store: catalog.store,
      contentWeight: recommender.contentWeight
    )
    return try await evaluation.answers(
      by: other,
      in: try await catalog.store.snapshot(for: .answers)
    )
  }
}

extension Recommender {
  /// The same services with another catalog and another share of the text, nothing kept.
  fileprivate func with(store: any TitleStore, contentWeight: Double) -> Recommender {
    Recommender(
      emotions: self.emotions,
      embeddings: self.embeddings,
      store: store,
      records: TitleRecords(
        store: store,
        kept: LRUCache(named: "evaluation", capacity: 1, lifetime: .seconds(1))
      ),
      contentWeight: contentWeight,
      safety: self.safety,
      answers: LRUCache(named: "evaluation", capacity: 1, lifetime: .seconds(1))
    )
  }
}
