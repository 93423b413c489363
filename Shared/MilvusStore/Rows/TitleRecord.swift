internal import CatalogStore
internal import FoundationEssentials

/// A title as JSON in one text.
struct TitleRecord: Codable, Sendable {
  private struct Emotion: Codable, Sendable {
    var name: String
    var intensity: Double
  }

  private var id: String
  private var name: String
  private var type: String
  private var description: String
  private var releaseYear: Int?
  private var ageRating: String?
  private var runtimeMinutes: Int?
  private var genres: [String]
  private var productionCountries: [String]
  private var seasons: Int?
  private var imdbID: String?
  private var imdbScore: Double?
  private var imdbVotes: Int?
  private var tmdbPopularity: Double?
  private var tmdbScore: Double?
  private var emotions: [Emotion]
  private var emojis: [String]
  private var annotatedBy: String

  init(_ title: CatalogTitle) {
    self.id = title.id
    self.name = title.name
    self.type = title.type.rawValue
    self.description = title.description
    self.releaseYear = title.releaseYear
    self.ageRating = title.ageRating
    self.runtimeMinutes = title.runtimeMinutes
    self.genres = title.genres
    self.productionCountries = title.productionCountries
    self.seasons = title.seasons
    self.imdbID = title.imdbID
    self.imdbScore = title.imdbScore
    self.imdbVotes = title.imdbVotes
    self.tmdbPopularity = title.tmdbPopularity
    self.tmdbScore = title.tmdbScore
    self.emotions = title.emotions.map { Emotion(name: $0.name, intensity: $0.intensity) }
    self.emojis = title.emojis
    self.annotatedBy = title.annotatedBy
  }

  /// `nil` when the type is none that we know.
  var title: CatalogTitle? {
    guard let type = TitleType(rawValue: self.type) else { return nil }
    return CatalogTitle(
      id: self.id,
      name: self.name,
      type: type,
      description: self.description,
      releaseYear: self.releaseYear,
      ageRating: self.ageRating,
      runtimeMinutes: self.runtimeMinutes,
      genres: self.genres,
      productionCountries: self.productionCountries,
      seasons: self.seasons,
      imdbID: self.imdbID,
      imdbScore: self.imdbScore,
      imdbVotes: self.imdbVotes,
      tmdbPopularity: self.tmdbPopularity,
      tmdbScore: self.tmdbScore,
      emotions: self.emotions.map { TitleEmotion(name: $0.name, intensity: $0.intensity) },
      emojis: self.emojis,
      annotatedBy: self.annotatedBy
    )
  }

  /// The text of a title that Milvus can hold.
  static func text(of title: CatalogTitle) throws(StoreError) -> String {
    guard let data = try? JSONEncoder().encode(TitleRecord(title)) else {
      throw .rejected("the title \(title.id) cannot be written")
    }
    guard data.count <= RowLimits.recordBytes else {
      throw .rejected(
        "the title \(title.id) takes \(data.count) bytes, more than \(RowLimits.recordBytes)"
      )
    }
    return String(decoding: data, as: UTF8.self)
  }

  static func title(of text: String) throws(MilvusError) -> CatalogTitle {
    guard let record = try? JSONDecoder().decode(TitleRecord.self, from: Data(text.utf8)),
      let title = record.title
    else { throw MilvusError(.malformed, .query, "holds a title that cannot be read") }
    return title
  }
}
