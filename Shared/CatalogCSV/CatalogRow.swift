/// A title as the Kaggle data set "Netflix TV Shows and Movies" describes it; `nil` is unknown.
///
/// Source: https://www.kaggle.com/datasets/victorsoeiro/netflix-tv-shows-and-movies
package struct CatalogRow: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable {
    case movie, show
  }

  /// Not blank, without spaces around it and control characters; up to 100 Unicode scalars.
  package var id: String
  /// Not blank, without spaces around it.
  package var title: String
  package var kind: Kind
  /// Without spaces around it; may be empty.
  package var description: String
  package var releaseYear: Int?
  /// As written, such as "PG-13".
  package var ageCertification: String?
  /// Minutes, from 1.
  package var runtime: Int?
  /// In lower case, each once, none blank or with a control character.
  package var genres: [String]
  /// As written, such as "US", each once, none blank or with a control character.
  package var productionCountries: [String]
  package var seasons: Int?
  package var imdbID: String?
  /// 0...10.
  package var imdbScore: Double?
  package var imdbVotes: Int?
  /// From 0.
  package var tmdbPopularity: Double?
  /// 0...10.
  package var tmdbScore: Double?
}
