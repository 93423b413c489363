internal import GRDB

/// What one transaction reads of a catalog file.
struct CatalogReading {
  let database: Database

  struct State {
    var lineage: String
    var writes: Int64
    var space: String
    var dimensions: Int

    var version: String { "\(self.lineage)-\(self.writes)" }
  }

  func state() throws -> State {
    let sql = "SELECT lineage, writes, space, dimensions FROM catalog"
    guard let row = try Row.fetchOne(self.database, sql: sql) else { throw StoreError.damaged }
    let dimensions = try row.decode(Int.self, atIndex: 3)
    guard (0...65_536).contains(dimensions) else { throw StoreError.damaged }
    return State(
      lineage: try row.decode(String.self, atIndex: 0),
      writes: try row.decode(Int64.self, atIndex: 1),
      space: try row.decode(String.self, atIndex: 2),
      dimensions: dimensions
    )
  }

  func isEmpty() throws -> Bool {
    try Int.fetchOne(self.database, sql: "SELECT EXISTS (SELECT 1 FROM titles)") == 0
  }

  func title(_ id: String) throws -> CatalogTitle? {
    let sql = "SELECT \(Self.titleColumns) FROM titles WHERE id = ?"
    let statement = try self.database.cachedStatement(sql: sql)
    return try Row.fetchOne(statement, arguments: [id]).map { row in try self.title(row) }
  }

  /// Calls `body` with every title in the order of their ids' bytes.
  func forEachTitle(dimensions: Int, _ body: (StoredTitle) throws -> Void) throws {
    let sql = "SELECT \(Self.titleColumns), source_hash, content FROM titles ORDER BY id"
    let rows = try Row.fetchCursor(self.database, sql: sql)
    while let row = try rows.next() {
      try body(
        StoredTitle(
          title: try self.title(row),
          contentVector: try row.vector(18, dimensions: dimensions),
          sourceHash: UInt64(bitPattern: try row.decode(Int64.self, atIndex: 17))
        )
      )
    }
  }

  /// Calls `body` with every emotion in the order of their names' bytes.
  func forEachEmotion(
    dimensions: Int,
    _ body: (_ id: Int64, _ name: String, _ vector: [Float]?) throws -> Void
  ) throws {
    let sql = "SELECT id, name, vector FROM emotions ORDER BY name"
    let rows = try Row.fetchCursor(self.database, sql: sql)
    while let row = try rows.next() {
      try body(
        try row.decode(Int64.self, atIndex: 0),
        try row.decode(String.self, atIndex: 1),
        try row.vector(2, dimensions: dimensions)
      )
    }
  }

  private static let titleColumns = """
    id, name, type, description, release_year, age_rating, runtime_minutes, genres,
    production_countries, seasons, imdb_id, imdb_score, imdb_votes, tmdb_popularity, tmdb_score,
    emojis, annotated_by
    """

  private func title(_ row: Row) throws -> CatalogTitle {
    let id = try row.decode(String.self, atIndex: 0)
    guard let type = TitleType(rawValue: try row.decode(String.self, atIndex: 2)) else {
      throw StoreError.damaged
    }
    return CatalogTitle(
      id: id,
      name: try row.decode(String.self, atIndex: 1),
      type: type,
      description: try row.decode(String.self, atIndex: 3),
      releaseYear: try row.decode(Int?.self, atIndex: 4),
      ageRating: try row.decode(String?.self, atIndex: 5),
      runtimeMinutes: try row.decode(Int?.self, atIndex: 6),
      genres: try row.texts(7),
      productionCountries: try row.texts(8),
      seasons: try row.decode(Int?.self, atIndex: 9),
      imdbID: try row.decode(String?.self, atIndex: 10),
      imdbScore: try row.decode(Double?.self, atIndex: 11),
      imdbVotes: try row.decode(Int?.self, atIndex: 12),
      tmdbPopularity: try row.decode(Double?.self, atIndex: 13),
      tmdbScore: try row.decode(Double?.self, atIndex: 14),
      emotions: try self.emotions(of: id),
      emojis: try row.texts(15),
      annotatedBy: try row.decode(String.self, atIndex: 16)
    )
  }

  private func emotions(of id: String) throws -> [TitleEmotion] {
    let sql = """
      SELECT name, intensity FROM title_emotions JOIN emotions ON emotions.id = emotion_id
      WHERE title_id = ? ORDER BY rank
      """
    let rows = try Row.fetchCursor(
      try self.database.cachedStatement(sql: sql),
      arguments: [id]
    )
    var emotions: [TitleEmotion] = []
    while let row = try rows.next() {
      emotions.append(
        TitleEmotion(
          name: try row.decode(String.self, atIndex: 0),
          intensity: try row.decode(Double.self, atIndex: 1)
        )
      )
    }
    return emotions
  }
}
