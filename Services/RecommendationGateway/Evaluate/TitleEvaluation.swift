import CatalogStore
import Contracts
import RPC
import SwiftProtobuf

/// Judges which titles moods are answered with.
struct TitleEvaluation: Sendable {
  /// One way to answer, by kind of mood.
  typealias Figures = [String: RankingFigures]

  struct Answered: Sendable {
    var query: MoodQueries.Query
    var emotions: [String]
    var titles: [CatalogTitle]
    var gains: [Double]
    var ndcg: Double

    /// "mood -> Title (genres; emotions) · …" of the first three.
    var line: String {
      let shown = self.titles.prefix(3).map { title in
        let emotions = title.emotions.prefix(4).map(\.name).joined(separator: " ")
        return "\(title.name) (\(title.genres.prefix(3).joined(separator: " ")); \(emotions))"
      }
      return "\(self.query.mood) [\(self.emotions.prefix(3).joined(separator: ", "))] -> "
        + shown.joined(separator: " · ")
    }
  }

  private let queries: [MoodQueries.Query]
  private let titles: [String: CatalogTitle]
  private let order: [CatalogTitle]
  /// For each query, the gain of each title in `order`.
  private let gains: [[Double]]

  /// Takes the whole catalog, with genres.
  init(_ queries: MoodQueries, titles: [CatalogTitle]) {
    self.queries = queries.queries
    self.order = titles
    self.titles = Dictionary(titles.map { ($0.id, $0) }) { first, _ in first }
    self.gains = queries.queries.map { query in titles.map { query.fits($0) ? 1 : 0 } }
  }

  /// Answers every mood.
  func answers(
    by recommender: Recommender,
    in snapshot: CatalogSnapshot
  ) async throws -> [Answered] {
    var found: [Answered] = []
    for (query, gains) in zip(self.queries, self.gains) {
      let plan = try RecommendPlan(.with { $0.mood = query.mood }, genres: snapshot.genres)
      let response = try await recommender.recommend(plan, in: snapshot).response.message
      let titles = response.recommendations.compactMap { self.titles[$0.title.id] }
      let got = titles.map { query.fits($0) ? 1.0 : 0 }
      found.append(
        Answered(
          query: query,
          emotions: response.emotions.map(\.name),
          titles: titles,
          gains: got,
          ndcg: normalizedGain(got, of: gains)
        )
      )
    }
    return found
  }

  func figures(_ answers: [Answered]) -> Figures {
    self.figures(answers.map(\.gains))
  }

  /// The figures of the seed's way, for the same emotions.
  func seedMode(_ answers: [Answered], embeddings: EmbeddingBackend) async throws -> Figures {
    let mode = try await SeedMode(
      self.order.map { $0.emotions.map(\.name) },
      embeddings: embeddings
    )
    var found: [[Double]] = []
    for (answer, gains) in zip(answers, self.gains) {
      let nearest = try await mode.nearest(to: answer.emotions, embeddings: embeddings)
      found.append(nearest.map { gains[$0] })
    }
    return self.figures(found)
  }

  private func figures(_ found: [[Double]]) -> Figures {
    var rankings: [String: [(found: [Double], all: [Double])]] = [:]
    for (query, (got, all)) in zip(self.queries, zip(found, self.gains)) {
      rankings[query.kind, default: []].append((got, all))
    }
    return rankings.mapValues { RankingFigures($0) }
  }
}
