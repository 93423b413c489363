internal import GRDB

/// The tables of a catalog file.
enum Schema {
  /// "MOOD" in ASCII: marks the files that are ours. Source: https://sqlite.org/pragma.html
  static let applicationID = 0x4D4F_4F44

  /// Brings a file to the present schema, also when another process does so at the same time.
  static func migrate(_ pool: DatabasePool) throws {
    try self.refuseForeignFile(pool)
    do {
      try self.migrator.migrate(pool)
    } catch let error as DatabaseError
      where [.SQLITE_CONSTRAINT, .SQLITE_ERROR].contains(error.resultCode)
    {
      // The other process was first: now its migration is seen as applied.
      try self.migrator.migrate(pool)
    }
    guard try !pool.read(self.migrator.hasBeenSuperseded) else {
      throw StoreError.unavailable("the catalog file was written by a newer version")
    }
  }

  private static func refuseForeignFile(_ pool: DatabasePool) throws {
    try pool.read { database in
      let mark = try Int.fetchOne(database, sql: "PRAGMA application_id")
      // Another process that is creating the catalog makes GRDB's own table first.
      let tables = try Int.fetchOne(
        database,
        sql: "SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'grdb_migrations'"
      )
      guard mark == self.applicationID || tables == 0 else {
        throw StoreError.unavailable("the file is a database of another program, not a catalog")
      }
    }
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 titles and emotions") { database in
      try database.execute(sql: self.firstTables)
    }
    return migrator
  }

  /// All tables.
  ///
  /// `catalog` is one row; its `lineage` tells files apart that were written equally often.
  /// Vectors are little-endian float32; `NULL` where the model knew no part of a text.
  private static let firstTables = """
    PRAGMA application_id = \(applicationID);
    CREATE TABLE catalog (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      lineage TEXT NOT NULL,
      writes INTEGER NOT NULL,
      space TEXT NOT NULL,
      dimensions INTEGER NOT NULL
    ) STRICT;
    INSERT INTO catalog VALUES (1, lower(hex(randomblob(4))), 0, '', 0);
    CREATE TABLE titles (
      id TEXT PRIMARY KEY NOT NULL,
      name TEXT NOT NULL,
      type TEXT NOT NULL,
      description TEXT NOT NULL,
      release_year INTEGER,
      age_rating TEXT,
      runtime_minutes INTEGER,
      genres TEXT NOT NULL,
      production_countries TEXT NOT NULL,
      seasons INTEGER,
      imdb_id TEXT,
      imdb_score REAL,
      imdb_votes INTEGER,
      tmdb_popularity REAL,
      tmdb_score REAL,
      emojis TEXT NOT NULL,
      annotated_by TEXT NOT NULL,
      source_hash INTEGER NOT NULL,
      content BLOB
    ) STRICT;
    CREATE TABLE emotions (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      vector BLOB
    ) STRICT;
    CREATE TABLE title_emotions (
      title_id TEXT NOT NULL REFERENCES titles (id) ON DELETE CASCADE,
      rank INTEGER NOT NULL,
      emotion_id INTEGER NOT NULL REFERENCES emotions (id),
      intensity REAL NOT NULL,
      PRIMARY KEY (title_id, rank)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX title_emotions_by_emotion ON title_emotions (emotion_id);
    """
}
