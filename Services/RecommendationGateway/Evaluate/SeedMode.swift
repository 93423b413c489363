/// The way of the first NetflixGPT, to compare with: the emotions of a text as one list, one vector
/// of the list, and the nearest lists by Euclidean distance.
struct SeedMode: Sendable {
  private let vectors: [[Float]?]

  private static let textsPerCall = 256

  /// Embeds each item's emotions, strongest first, as one text.
  init(_ lists: [[String]], embeddings: EmbeddingBackend) async throws {
    let texts = lists.map(Self.text)
    let distinct = Set(texts).sorted()
    var vectors: [String: [Float]] = [:]
    for start in stride(from: 0, to: distinct.count, by: Self.textsPerCall) {
      let part = Array(distinct[start..<min(start + Self.textsPerCall, distinct.count)])
      let answer = try await embeddings.vectors(of: part, timeout: .seconds(120))
      vectors.merge(answer.vectors) { first, _ in first }
    }
    self.vectors = texts.map { vectors[$0] }
  }

  /// - Returns: The places of the ten nearest items, the nearest first.
  func nearest(to emotions: [String], embeddings: EmbeddingBackend) async throws -> [Int] {
    let text = Self.text(emotions)
    guard let query = try await embeddings.vectors(of: [text]).vectors[text] else { return [] }
    let distances = self.vectors.enumerated().compactMap { place, vector in
      vector.map { vector in
        (place, zip(vector, query).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
      }
    }
    return distances.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(10).map(\.0)
  }

  private static func text(_ emotions: [String]) -> String { emotions.joined(separator: ", ") }
}
