internal import GRDB

extension CatalogReading {
  /// Everything that ranking needs, from one transaction.
  func snapshot() throws -> CatalogSnapshot {
    let state = try self.state()
    var words: [String] = []
    var wordVectors = UnitRows(dimensions: state.dimensions)
    /// Of the emotions that have a vector.
    var wordOfEmotion: [Int64: Int32] = [:]
    try self.forEachEmotion(dimensions: state.dimensions) { id, name, vector in
      if vector != nil { wordOfEmotion[id] = Int32(words.count) }
      words.append(name)
      wordVectors.append(vector)
    }
    var columns = TitleColumns()
    var contentVectors = UnitRows(dimensions: state.dimensions)
    var genreLists: [String: [String]] = [:]
    let rows = try Row.fetchCursor(self.database, sql: Self.rankedColumns)
    while let row = try rows.next() {
      let id = try row.decode(String.self, atIndex: 0)
      guard let type = TitleType(rawValue: try row.decode(String.self, atIndex: 1)) else {
        throw StoreError.damaged
      }
      let genresText = try row.decode(String.self, atIndex: 2)
      let genres = if let known = genreLists[genresText] { known } else { try row.texts(2) }
      genreLists[genresText] = genres
      let content = try row.vector(8, dimensions: state.dimensions)
      contentVectors.append(content)
      try self.appendEmotions(of: id, to: &columns, wordOfEmotion)
      columns.append(
        TitleColumns.Title(
          id: id,
          type: type,
          genres: genres,
          year: try row.decode(Int?.self, atIndex: 3),
          runtime: try row.decode(Int?.self, atIndex: 4),
          ageRating: try row.decode(String?.self, atIndex: 5),
          imdbScore: try row.decode(Double?.self, atIndex: 6),
          tmdbScore: try row.decode(Double?.self, atIndex: 7),
          hasContent: content != nil
        )
      )
    }
    return CatalogSnapshot(
      version: state.version,
      space: state.space,
      words: words,
      wordVectors: wordVectors,
      contentVectors: contentVectors,
      columns: columns
    )
  }

  private static let rankedColumns = """
    SELECT id, type, genres, release_year, runtime_minutes, age_rating, imdb_score, tmdb_score,
      content
    FROM titles ORDER BY id
    """

  private func appendEmotions(
    of id: String,
    to columns: inout TitleColumns,
    _ wordOfEmotion: [Int64: Int32]
  ) throws {
    let sql = """
      SELECT emotion_id, intensity FROM title_emotions WHERE title_id = ? ORDER BY rank
      """
    let rows = try Row.fetchCursor(
      try self.database.cachedStatement(sql: sql),
      arguments: [id]
    )
    while let row = try rows.next() {
      let emotion = try row.decode(Int64.self, atIndex: 0)
      guard let word = wordOfEmotion[emotion] else { continue }
      columns.appendEmotion(word: word, intensity: try row.decode(Double.self, atIndex: 1))
    }
  }
}
