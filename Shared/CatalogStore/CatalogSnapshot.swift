/// The catalog at one moment, laid out for ranking: one array for each property, rows by id.
package final class CatalogSnapshot: Sendable {
  /// Changes whenever the catalog does.
  package let version: String
  /// The fingerprint of the embedding space of all vectors; empty when the catalog is.
  package let space: String
  /// Components of each vector; 0 when there are no vectors yet.
  package let dimensions: Int
  /// All emotions of all titles, sorted.
  package let words: [String]
  /// All genres of all titles, sorted, in lower case.
  package var genres: [String] { self.genreSets.names }
  /// The titles' ids, in the order of their UTF-8 bytes.
  package var ids: [String] { self.columns.ids }
  /// Titles.
  package var count: Int { self.columns.ids.count }

  /// `[words, dimensions]`.
  let wordVectors: UnitRows
  /// `[titles, dimensions]`.
  let contentVectors: UnitRows
  let columns: TitleColumns
  let genreSets: GenreSets
  private let rows: [String: Int]

  init(
    version: String,
    space: String,
    words: [String],
    wordVectors: UnitRows,
    contentVectors: UnitRows,
    columns: TitleColumns
  ) {
    self.version = version
    self.space = space
    self.dimensions = wordVectors.dimensions
    self.words = words
    self.wordVectors = wordVectors
    self.contentVectors = contentVectors
    self.columns = columns
    self.genreSets = GenreSets(columns.genres)
    self.rows = Dictionary(zip(columns.ids, columns.ids.indices)) { first, _ in first }
  }

  package func contains(_ id: String) -> Bool {
    self.rows[id] != nil
  }

  func row(of id: String) -> Int? {
    self.rows[id]
  }

  /// What a title is matched by, strongest first: those of its emotions that have a vector.
  ///
  /// - Returns: `nil` when there is no such title. Each vector has length 1.
  package func emotions(
    of id: String
  ) -> [(name: String, intensity: Double, vector: [Float])]? {
    guard let row = self.row(of: id) else { return nil }
    return self.columns.emotionRange(of: row).map { position in
      let word = Int(self.columns.emotionWords[position])
      return (
        self.words[word], self.columns.emotionIntensities[position], self.wordVectors[word]
      )
    }
  }

  /// What a title is about, of length 1; `nil` when there is no such title or no vector of it.
  package func contentVector(of id: String) -> [Float]? {
    guard let row = self.row(of: id), self.columns.hasContent[row] else { return nil }
    return self.contentVectors[row]
  }
}
