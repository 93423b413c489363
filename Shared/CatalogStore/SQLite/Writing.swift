internal import FoundationEssentials
internal import GRDB

/// What one transaction writes to a catalog file.
struct CatalogWriting {
  let database: Database

  private var reading: CatalogReading { CatalogReading(database: self.database) }

  /// - Returns: How often the catalog has been written.
  func upsert(_ batch: TitleBatch) throws -> Int64 {
    let state = try self.reading.state()
    let isEmpty = try self.reading.isEmpty()
    guard isEmpty || state.space == batch.space else {
      throw StoreError.spaceMismatch(expected: state.space, got: batch.space)
    }
    let known = isEmpty || state.dimensions == 0 ? nil : state.dimensions
    let dimensions = known ?? batch.dimensions ?? 0
    guard batch.dimensions == nil || batch.dimensions == dimensions else {
      throw StoreError.rejected(
        "vectors of \(batch.dimensions ?? 0) numbers where the catalog's have \(dimensions)"
      )
    }
    let emotionIDs = try self.writeEmotions(batch)
    for title in batch.titles { try self.write(title, emotionIDs) }
    return try self.finish(space: batch.space, dimensions: dimensions)
  }

  /// - Returns: How often the catalog has been written.
  func replace(version: String, with batch: TitleBatch) throws -> Int64 {
    guard try self.reading.state().version == version else {
      throw StoreError.rejected("the catalog has changed since it was read")
    }
    try self.database.execute(sql: "DELETE FROM titles")
    return try self.upsert(batch)
  }

  /// - Returns: How many titles there were, and how often the catalog has been written.
  func delete(_ ids: [String]) throws -> (deleted: Int, writes: Int64) {
    let statement = try self.database.cachedStatement(sql: "DELETE FROM titles WHERE id = ?")
    var deleted = 0
    for id in ids {
      try statement.execute(arguments: [id])
      deleted += self.database.changesCount
    }
    let state = try self.reading.state()
    guard deleted > 0 else { return (0, state.writes) }
    let isEmpty = try self.reading.isEmpty()
    let writes = try self.finish(
      space: isEmpty ? "" : state.space,
      dimensions: isEmpty ? 0 : state.dimensions
    )
    return (deleted, writes)
  }

  private func writeEmotions(_ batch: TitleBatch) throws -> [String: Int64] {
    let insertion = try self.database.cachedStatement(
      sql: """
        INSERT INTO emotions (name, vector) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET vector = excluded.vector
        """
    )
    let search = try self.database.cachedStatement(sql: "SELECT id FROM emotions WHERE name = ?")
    var ids: [String: Int64] = [:]
    for name in batch.emotions.sorted() {
      if let vector = batch.emotionVectors[name] {
        try insertion.execute(arguments: [name, vector.isEmpty ? nil : Data(vector)])
      }
      guard let row = try Row.fetchOne(search, arguments: [name]) else {
        throw StoreError.rejected("no vector was given for the emotion \"\(name)\"")
      }
      ids[name] = try row.decode(Int64.self, atIndex: 0)
    }
    return ids
  }

  private func write(_ stored: StoredTitle, _ emotionIDs: [String: Int64]) throws {
    let title = stored.title
    try self.database.cachedStatement(sql: Self.titleInsertion).execute(
      arguments: [
        title.id, title.name, title.type.rawValue, title.description, title.releaseYear,
        title.ageRating, title.runtimeMinutes, try column(title.genres),
        try column(title.productionCountries), title.seasons, title.imdbID, title.imdbScore,
        title.imdbVotes, title.tmdbPopularity, title.tmdbScore, try column(title.emojis),
        title.annotatedBy, Int64(bitPattern: stored.sourceHash),
        stored.contentVector.map { vector in Data(vector) },
      ]
    )
    try self.database.cachedStatement(sql: "DELETE FROM title_emotions WHERE title_id = ?")
      .execute(arguments: [title.id])
    let insertion = try self.database.cachedStatement(
      sql: "INSERT INTO title_emotions VALUES (?, ?, ?, ?)"
    )
    for (rank, emotion) in title.emotions.enumerated() {
      try insertion.execute(
        arguments: [title.id, rank, emotionIDs[emotion.name], emotion.intensity]
      )
    }
  }

  /// Replaces by deletion, which would also remove what refers to the title, so it updates.
  private static let titleInsertion = """
    INSERT INTO titles (
      id, name, type, description, release_year, age_rating, runtime_minutes, genres,
      production_countries, seasons, imdb_id, imdb_score, imdb_votes, tmdb_popularity, tmdb_score,
      emojis, annotated_by, source_hash, content
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET
      name = excluded.name, type = excluded.type, description = excluded.description,
      release_year = excluded.release_year, age_rating = excluded.age_rating,
      runtime_minutes = excluded.runtime_minutes, genres = excluded.genres,
      production_countries = excluded.production_countries, seasons = excluded.seasons,
      imdb_id = excluded.imdb_id, imdb_score = excluded.imdb_score,
      imdb_votes = excluded.imdb_votes, tmdb_popularity = excluded.tmdb_popularity,
      tmdb_score = excluded.tmdb_score, emojis = excluded.emojis,
      annotated_by = excluded.annotated_by, source_hash = excluded.source_hash,
      content = excluded.content
    """

  private func finish(space: String, dimensions: Int) throws -> Int64 {
    try self.database.execute(
      sql: """
        DELETE FROM emotions WHERE NOT EXISTS (
          SELECT 1 FROM title_emotions WHERE emotion_id = emotions.id
        )
        """
    )
    try self.database.execute(
      sql: "UPDATE catalog SET writes = writes + 1, space = ?, dimensions = ?",
      arguments: [space, dimensions]
    )
    return try self.reading.state().writes
  }
}
