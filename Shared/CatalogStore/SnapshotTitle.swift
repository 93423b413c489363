/// What ranking needs to know of a title.
package struct SnapshotTitle: Sendable {
  package let id: String
  package let type: TitleType
  package let genres: [String]
  package let releaseYear: Int?
  package let runtimeMinutes: Int?
  package let ageRating: String?
  package let imdbScore: Double?
  package let tmdbScore: Double?
  /// Strongest first.
  package let emotions: [TitleEmotion]
  /// `[dimensions]`, of any length; `nil` when the model knew no part of the title's text.
  package let contentVector: [Float]?

  package init(
    id: String,
    type: TitleType,
    genres: [String],
    releaseYear: Int?,
    runtimeMinutes: Int?,
    ageRating: String?,
    imdbScore: Double?,
    tmdbScore: Double?,
    emotions: [TitleEmotion],
    contentVector: [Float]?
  ) {
    self.id = id
    self.type = type
    self.genres = genres
    self.releaseYear = releaseYear
    self.runtimeMinutes = runtimeMinutes
    self.ageRating = ageRating
    self.imdbScore = imdbScore
    self.tmdbScore = tmdbScore
    self.emotions = emotions
    self.contentVector = contentVector
  }
}

extension CatalogSnapshot {
  /// Lays out titles for ranking, given in any order, each id once.
  ///
  /// Emotions have vectors of `[dimensions]`; those of other emotions than the titles' are left
  /// out, and an emotion without one matches nothing.
  package convenience init(
    version: String,
    space: String,
    dimensions: Int,
    titles: [SnapshotTitle],
    emotionVectors: [String: [Float]]
  ) {
    let words = Set(titles.lazy.flatMap(\.emotions).map(\.name))
      .sorted { left, right in left.utf8.lexicographicallyPrecedes(right.utf8) }
    var wordVectors = UnitRows(dimensions: dimensions)
    /// Of the emotions that have a vector.
    var indices: [String: Int32] = [:]
    for (index, word) in words.enumerated() {
      let vector = emotionVectors[word]
      wordVectors.append(vector)
      if vector != nil { indices[word] = Int32(index) }
    }
    var columns = TitleColumns()
    var contentVectors = UnitRows(dimensions: dimensions)
    let sorted = titles.sorted { left, right in
      left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
    }
    for title in sorted {
      contentVectors.append(title.contentVector)
      for emotion in title.emotions {
        guard let word = indices[emotion.name] else { continue }
        columns.appendEmotion(word: word, intensity: emotion.intensity)
      }
      columns.append(title)
    }
    self.init(
      version: version,
      space: space,
      words: words,
      wordVectors: wordVectors,
      contentVectors: contentVectors,
      columns: columns
    )
  }
}

extension TitleColumns {
  fileprivate mutating func append(_ title: SnapshotTitle) {
    self.append(
      Title(
        id: title.id,
        type: title.type,
        genres: title.genres,
        year: title.releaseYear,
        runtime: title.runtimeMinutes,
        ageRating: title.ageRating,
        imdbScore: title.imdbScore,
        tmdbScore: title.tmdbScore,
        hasContent: title.contentVector != nil
      )
    )
  }
}
