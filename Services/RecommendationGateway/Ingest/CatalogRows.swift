import CatalogCSV
import CatalogStore

extension CatalogRow {
  /// The title as the file has it, without emotions and emojis.
  var catalogTitle: CatalogTitle {
    CatalogTitle(
      id: self.id,
      name: self.title,
      type: self.kind == .movie ? .movie : .show,
      description: self.description,
      releaseYear: self.releaseYear,
      ageRating: self.ageCertification,
      runtimeMinutes: self.runtime,
      genres: self.genres,
      productionCountries: self.productionCountries,
      seasons: self.seasons,
      imdbID: self.imdbID,
      imdbScore: self.imdbScore,
      imdbVotes: self.imdbVotes,
      tmdbPopularity: self.tmdbPopularity,
      tmdbScore: self.tmdbScore
    )
  }
}

extension CatalogTitle {
  /// What the title is about: the text behind its content vector.
  var contentText: String {
    let text = "\(self.name). \(self.genres.joined(separator: ", ")). \(self.description)"
    return String(text.unicodeScalars.prefix(8192))
  }
}

/// Rows of a file, each id once, with what was wrong with the others.
struct CatalogFile: Sendable {
  var rows: [CatalogRow] = []
  var problems: [RowProblem] = []
  /// Rows whose id came again later; the last one counts.
  var repeated = 0

  init(path: String) throws {
    var reader = try CatalogCSVReader(path: path)
    var places: [String: Int] = [:]
    while let next = try reader.next() {
      switch next {
      case .failure(let problem): self.problems.append(problem)
      case .success(let row):
        if let place = places[row.id] {
          self.rows[place] = row
          self.repeated += 1
        } else {
          places[row.id] = self.rows.count
          self.rows.append(row)
        }
      }
    }
  }

  /// `count` of the rows, in their order, the same ones for the same seed.
  mutating func sample(_ count: Int, seed: UInt64) {
    guard count < self.rows.count else { return }
    let chosen = self.rows.indices
      .map { (lot: stableHash(self.rows[$0].id, seed: seed), index: $0) }
      .sorted { ($0.lot, $0.index) < ($1.lot, $1.index) }
      .prefix(count).map(\.index).sorted()
    self.rows = chosen.map { self.rows[$0] }
  }
}
