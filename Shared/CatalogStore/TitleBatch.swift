/// Titles that may be written together: complete, finite and of one number of dimensions.
package struct TitleBatch: Sendable {
  package let titles: [StoredTitle]
  package let emotionVectors: [String: [Float]]
  package let space: String
  /// Of all vectors; `nil` when there are none.
  package let dimensions: Int?
  /// Of all titles.
  package let emotions: Set<String>

  /// Throws `StoreError.rejected`, which says what is wrong.
  package init(
    _ titles: [StoredTitle],
    emotionVectors: [String: [Float]],
    space: String
  ) throws(StoreError) {
    guard !space.isEmpty else { throw .rejected("the embedding space has no fingerprint") }
    let emotions = Set(titles.flatMap { stored in stored.title.emotions.map(\.name) })
    let vectors =
      titles.compactMap(\.contentVector)
      + emotionVectors.values.filter { vector in !vector.isEmpty }
    let counts = Set(vectors.map(\.count))
    guard counts.count <= 1 else {
      throw .rejected("vectors of different dimensions: \(counts.sorted())")
    }
    guard counts.allSatisfy({ count in (1...65_536).contains(count) }) else {
      throw .rejected("vectors must have 1 to 65,536 dimensions")
    }
    guard vectors.allSatisfy(\.isFinite) else { throw .rejected("a vector is not finite") }
    for stored in titles {
      if let problem = Self.problem(with: stored.title) { throw .rejected(problem) }
    }
    self.titles = titles
    self.emotionVectors = emotionVectors
    self.space = space
    self.dimensions = counts.first
    self.emotions = emotions
  }

  /// Why no store can hold a title; `nil` where one may.
  package static func problem(with title: CatalogTitle) -> String? {
    guard !title.id.isEmpty else { return "a title has no id" }
    let texts =
      [title.id, title.name, title.description, title.annotatedBy]
      + [title.ageRating, title.imdbID].compactMap(\.self)
      + title.genres + title.productionCountries + title.emojis + title.emotions.map(\.name)
    // SQLite would end the text there.
    guard !texts.contains(where: { text in text.utf8.contains(0) }) else {
      return "a text of the title \(title.id) holds a NUL character"
    }
    guard title.emotions.allSatisfy({ emotion in !emotion.name.isEmpty }) else {
      return "an emotion of the title \(title.id) has no name"
    }
    let numbers =
      [title.imdbScore, title.tmdbPopularity, title.tmdbScore].compactMap(\.self)
      + title.emotions.map(\.intensity)
    guard numbers.allSatisfy(\.isFinite) else {
      return "a number of the title \(title.id) is not finite"
    }
    return nil
  }
}
