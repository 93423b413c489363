/// Which titles may be recommended: those that meet every condition.
///
/// Bounds are inclusive. A title whose year, runtime or score is unknown does not pass a bound on it.
package struct TitleFilter: Sendable, Hashable {
  /// Empty: all types.
  package var types: Set<TitleType>
  /// Empty: any genres; otherwise at least one of these, compared without case.
  package var genresAny: [String]
  package var genresAll: [String]
  package var genresNone: [String]
  package var minYear: Int?
  package var maxYear: Int?
  package var maxAgeRating: AgeRating?
  /// Whether titles without a rating, or with one that `AgeRating` does not know, pass.
  package var includeUnrated: Bool
  /// Minutes.
  package var minRuntime: Int?
  /// Minutes.
  package var maxRuntime: Int?
  /// 0...10: IMDb's score, or TMDB's where there is none.
  package var minScore: Double?
  package var excludedIDs: Set<String>

  /// Leaves out what is not given; unrated titles then pass unless `maxAgeRating` is set.
  package init(
    types: Set<TitleType> = [],
    genresAny: [String] = [],
    genresAll: [String] = [],
    genresNone: [String] = [],
    minYear: Int? = nil,
    maxYear: Int? = nil,
    maxAgeRating: AgeRating? = nil,
    includeUnrated: Bool? = nil,
    minRuntime: Int? = nil,
    maxRuntime: Int? = nil,
    minScore: Double? = nil,
    excludedIDs: Set<String> = []
  ) {
    self.types = types
    self.genresAny = genresAny
    self.genresAll = genresAll
    self.genresNone = genresNone
    self.minYear = minYear
    self.maxYear = maxYear
    self.maxAgeRating = maxAgeRating
    self.includeUnrated = includeUnrated ?? (maxAgeRating == nil)
    self.minRuntime = minRuntime
    self.maxRuntime = maxRuntime
    self.minScore = minScore
    self.excludedIDs = excludedIDs
  }
}
