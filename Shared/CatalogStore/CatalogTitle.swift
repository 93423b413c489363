/// Whether a title is a film or a series.
package enum TitleType: String, Sendable, Hashable, CaseIterable {
  case movie, show
}

/// An emotion that a title makes its watcher feel.
package struct TitleEmotion: Sendable, Hashable {
  /// One to three words, such as "quiet joy".
  package let name: String
  /// 0...1.
  package let intensity: Double

  package init(name: String, intensity: Double) {
    self.name = name
    self.intensity = intensity
  }
}

/// A film or a show with the emotions it was annotated with; `nil` is unknown.
package struct CatalogTitle: Sendable, Hashable {
  /// Not empty; equal ids are one title.
  package var id: String
  package var name: String
  package var type: TitleType
  package var description: String
  package var releaseYear: Int?
  /// As written in the source, such as "PG-13"; see `AgeRating`.
  package var ageRating: String?
  /// Of a film, or of one episode of a show.
  package var runtimeMinutes: Int?
  package var genres: [String]
  /// ISO 3166-1 alpha-2.
  package var productionCountries: [String]
  package var seasons: Int?
  package var imdbID: String?
  /// 0...10.
  package var imdbScore: Double?
  package var imdbVotes: Int?
  package var tmdbPopularity: Double?
  /// 0...10.
  package var tmdbScore: Double?
  /// Strongest first.
  package var emotions: [TitleEmotion]
  package var emojis: [String]
  /// Who named the emotions and emojis, such as "openai/gpt-4o-mini".
  package var annotatedBy: String

  package init(
    id: String,
    name: String,
    type: TitleType,
    description: String = "",
    releaseYear: Int? = nil,
    ageRating: String? = nil,
    runtimeMinutes: Int? = nil,
    genres: [String] = [],
    productionCountries: [String] = [],
    seasons: Int? = nil,
    imdbID: String? = nil,
    imdbScore: Double? = nil,
    imdbVotes: Int? = nil,
    tmdbPopularity: Double? = nil,
    tmdbScore: Double? = nil,
    emotions: [TitleEmotion] = [],
    emojis: [String] = [],
    annotatedBy: String = ""
  ) {
    self.id = id
    self.name = name
    self.type = type
    self.description = description
    self.releaseYear = releaseYear
    self.ageRating = ageRating
    self.runtimeMinutes = runtimeMinutes
    self.genres = genres
    self.productionCountries = productionCountries
    self.seasons = seasons
    self.imdbID = imdbID
    self.imdbScore = imdbScore
    self.imdbVotes = imdbVotes
    self.tmdbPopularity = tmdbPopularity
    self.tmdbScore = tmdbScore
    self.emotions = emotions
    self.emojis = emojis
    self.annotatedBy = annotatedBy
  }
}
