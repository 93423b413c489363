/// What titles are ranked by.
package struct RankingQuery: Sendable {
  /// An emotion sought.
  package struct Emotion: Sendable {
    package let name: String
    /// `[dimensions]`, of any length but zero.
    package let vector: [Float]
    package let weight: Double

    package init(name: String, vector: [Float], weight: Double) {
      self.name = name
      self.vector = vector
      self.weight = weight
    }
  }

  /// A text compared with what titles are about.
  package struct Content: Sendable {
    /// `[dimensions]`, of any length but zero.
    package let vector: [Float]
    package let weight: Double

    package init(vector: [Float], weight: Double) {
      self.vector = vector
      self.weight = weight
    }
  }

  package var emotions: [Emotion]
  package var content: Content?
  package var filter: TitleFilter
  /// How many titles are wanted; none when it is not positive.
  package var limit: Int
  /// A title that is not its own answer, when titles like it are sought.
  package var excludedTitleID: String?

  package init(
    emotions: [Emotion],
    content: Content? = nil,
    filter: TitleFilter = TitleFilter(),
    limit: Int,
    excludedTitleID: String? = nil
  ) {
    self.emotions = emotions
    self.content = content
    self.filter = filter
    self.limit = limit
    self.excludedTitleID = excludedTitleID
  }

  /// Refuses vectors and weights that cannot be compared in a space of `dimensions`.
  func check(dimensions: Int) throws(StoreError) {
    let parts = self.emotions.map { emotion in (emotion.vector, emotion.weight) }
    let content = self.content.map { content in [(content.vector, content.weight)] } ?? []
    for (vector, weight) in parts + content {
      guard vector.count == dimensions else {
        throw .rejected(
          "a vector of \(vector.count) numbers where the catalog's have \(dimensions)"
        )
      }
      guard vector.isFinite, weight.isFinite else {
        throw .rejected("a vector or weight that is not finite")
      }
    }
  }
}
