import CatalogCSV
import CatalogStore
import Contracts
import SwiftProtobuf

extension CatalogRow {
  /// What the emotion service is asked about, cut to what it accepts.
  var titleText: Netflixgpt_Emotion_V1_TitleText {
    .with {
      $0.id = self.id
      $0.name = String(self.title.unicodeScalars.prefix(500))
      $0.description_p = String(self.description.unicodeScalars.prefix(5000))
      $0.genres = Array(self.genres.prefix(32))
    }
  }

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

  func title(
    _ annotation: Netflixgpt_Emotion_V1_TitleAnnotation,
    emotions: [Netflixgpt_Answer_V1_Emotion]
  ) -> CatalogTitle {
    var title = self.catalogTitle
    title.emotions = emotions.map { .init(name: $0.name, intensity: $0.intensity) }
    title.emojis = annotation.emojis
    title.annotatedBy = "\(annotation.usage.provider)/\(annotation.usage.model)"
    return title
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
