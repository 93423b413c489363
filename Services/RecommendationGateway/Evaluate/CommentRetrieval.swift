import Contracts
import RPC
import SwiftProtobuf

/// Comments that people labelled with emotions, as moods and as what is sought: no title, no genre.
///
/// The gain of a comment is the share of labels that both have among those that either has.
/// Comments labelled neutral are left out: who tells no emotion seeks none.
struct CommentRetrieval: Sendable {
  struct Figures: Codable, Sendable {
    var queries: Int
    var items: Int
    /// By the cosine of the weighted means of the emotions' vectors.
    var ndcgAt10: Double
    /// By late interaction, as titles are ranked.
    var lateInteractionNDCGAt10: Double
    var seedModeNDCGAt10: Double
    /// Of the items in the order of the file.
    var chanceNDCGAt10: Double
  }

  private struct Comment: Sendable {
    var text: String
    var labels: Set<Substring>
  }

  private struct Emotion: Sendable {
    var name: String
    var share: Float
  }

  private static let maxQueries = 800
  private static let maxItems = 2500
  private static let atOnce = 4

  private let queries: [Comment]
  private let items: [Comment]

  /// GoEmotions' number for no emotion.
  private static let neutral: Substring = "27"

  /// Reads GoEmotions' lines of text, label numbers and id; of those that tell an emotion every
  /// fourth is a query.
  init(_ tsv: String) throws(MoodQueries.Malformed) {
    var queries: [Comment] = []
    var items: [Comment] = []
    var row = 0
    for line in tsv.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: "\t")
      guard fields.count >= 2 else {
        throw MoodQueries.Malformed(description: "not a line of text and labels: \(line)")
      }
      let labels = Set(fields[1].split(separator: ","))
      guard !labels.contains(Self.neutral) else { continue }
      let comment = Comment(
        text: String(fields[0]).replacing("[NAME]", with: "someone")
          .replacing("[RELIGION]", with: "religion"),
        labels: labels
      )
      if row % 4 == 0 { queries.append(comment) } else { items.append(comment) }
      row += 1
    }
    guard !queries.isEmpty else {
      throw MoodQueries.Malformed(description: "no comment tells an emotion")
    }
    self.queries = Array(queries.prefix(Self.maxQueries))
    self.items = Array(items.prefix(Self.maxItems))
  }

  /// Ranks the items for each query.
  func judged(emotions: EmotionBackend, embeddings: EmbeddingBackend) async throws -> Figures {
    let sought = try await Self.emotions(of: self.queries, by: emotions)
    let given = try await Self.emotions(of: self.items, by: emotions)
    let words = Set((sought + given).joined().map(\.name)).sorted()
    let vectors = try await embeddings.vectors(of: words).vectors
    let seedMode = try await SeedMode(given.map { $0.map(\.name) }, embeddings: embeddings)
    let means = given.map { Self.mean(of: $0, vectors) }
    let likeness = words.map { word in
      words.map { other in dot(vectors[word] ?? [], vectors[other] ?? []) }
    }
    let places = Dictionary(words.enumerated().map { ($1, $0) }) { first, _ in first }
    let itemPlaces = given.map { $0.compactMap { places[$0.name] } }
    let gains = self.queries.map(self.gains(for:))
    var seedPlaces: [[Int]] = []
    for query in sought {
      seedPlaces.append(
        try await seedMode.nearest(to: query.map(\.name), embeddings: embeddings)
      )
    }
    func figure(_ places: [[Int]]) -> Double {
      let rankings = zip(places, gains).map { places, gains in
        (found: places.map { gains[$0] }, all: gains)
      }
      return RankingFigures(rankings).ndcgAt10
    }
    return Figures(
      queries: self.queries.count,
      items: self.items.count,
      ndcgAt10: figure(
        sought.map { query in
          let mean = Self.mean(of: query, vectors)
          return Self.best(means.map { dot($0, mean) })
        }
      ),
      lateInteractionNDCGAt10: figure(
        sought.map { query in
          let rows = query.compactMap { emotion in
            places[emotion.name].map { (share: emotion.share, near: likeness[$0]) }
          }
          return Self.best(
            itemPlaces.map { item in
              rows.reduce(0) { sum, row in
                sum + row.share * (item.map { row.near[$0] }.max() ?? -1)
              }
            }
          )
        }
      ),
      seedModeNDCGAt10: figure(seedPlaces),
      chanceNDCGAt10: figure(gains.map { Array($0.indices.prefix(10)) })
    )
  }

  /// The share of the labels of either that both have, of each item.
  private func gains(for query: Comment) -> [Double] {
    self.items.map { item in
      Double(item.labels.intersection(query.labels).count)
        / Double(item.labels.union(query.labels).count)
    }
  }

  /// The places of the ten highest scores, the first of equals first.
  private static func best(_ scores: [Float]) -> [Int] {
    Array(scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.prefix(10))
  }

  /// The direction of the emotions' weighted vectors; empty where none is known.
  private static func mean(of emotions: [Emotion], _ vectors: [String: [Float]]) -> [Float] {
    var sum: [Float] = []
    for emotion in emotions {
      guard let vector = vectors[emotion.name] else { continue }
      if sum.isEmpty { sum = [Float](repeating: 0, count: vector.count) }
      for slot in sum.indices { sum[slot] += emotion.share * vector[slot] }
    }
    let length = dot(sum, sum).squareRoot()
    return length > 0 ? sum.map { $0 / length } : sum
  }

  private static func emotions(
    of comments: [Comment],
    by backend: EmotionBackend
  ) async throws -> [[Emotion]] {
    try await withThrowingTaskGroup(of: (Int, [Emotion]).self) { group in
      var found = [[Emotion]](repeating: [], count: comments.count)
      for (index, comment) in comments.enumerated() {
        if index >= Self.atOnce, let (done, emotions) = try await group.next() {
          found[done] = emotions
        }
        group.addTask {
          let reading = try await backend.reading(of: comment.text)
          let total = Float(max(1e-6, reading.emotions.reduce(0) { $0 + $1.intensity }))
          let emotions = reading.emotions.map {
            Emotion(name: $0.name, share: Float($0.intensity) / total)
          }
          return (index, emotions)
        }
      }
      for try await (done, emotions) in group { found[done] = emotions }
      return found
    }
  }
}

private func dot(_ first: [Float], _ second: [Float]) -> Float {
  zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
}
