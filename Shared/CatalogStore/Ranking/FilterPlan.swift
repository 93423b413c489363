/// A filter prepared for one snapshot.
struct FilterPlan {
  private let filter: TitleFilter
  private let snapshot: CatalogSnapshot
  private let genresAny: [UInt64]?
  private let genresAll: [UInt64]?
  private let genresNone: [UInt64]?
  /// True when a genre that all titles must have is in none of them.
  private let matchesNothing: Bool
  private let excludedRows: Set<Int>

  init(_ filter: TitleFilter, over snapshot: CatalogSnapshot) {
    let all = snapshot.genreSets.mask(of: filter.genresAll)
    self.filter = filter
    self.snapshot = snapshot
    self.genresAny =
      filter.genresAny.isEmpty ? nil : snapshot.genreSets.mask(of: filter.genresAny).bits
    self.genresAll = filter.genresAll.isEmpty ? nil : all.bits
    self.genresNone =
      filter.genresNone.isEmpty ? nil : snapshot.genreSets.mask(of: filter.genresNone).bits
    self.matchesNothing = !all.allKnown
    self.excludedRows = Set(filter.excludedIDs.compactMap { id in snapshot.row(of: id) })
  }

  /// The rows that pass, ascending.
  func rows() -> [Int] {
    guard !self.matchesNothing else { return [] }
    return (0..<self.snapshot.count).filter { row in self.passes(row) }
  }

  private func passes(_ row: Int) -> Bool {
    let columns = self.snapshot.columns
    return self.passesType(columns.types[row])
      && Self.passes(columns.years[row], from: self.filter.minYear, to: self.filter.maxYear)
      && self.passesAge(columns.ageRatings[row])
      && Self.passes(
        columns.runtimes[row],
        from: self.filter.minRuntime,
        to: self.filter.maxRuntime
      )
      && Self.passes(columns.scores[row], from: self.filter.minScore, to: nil)
      && self.passesGenres(row)
      && !self.excludedRows.contains(row)
  }

  private func passesType(_ type: TitleType) -> Bool {
    self.filter.types.isEmpty || self.filter.types.contains(type)
  }

  private func passesAge(_ rating: AgeRating?) -> Bool {
    guard let rating else { return self.filter.includeUnrated }
    guard let limit = self.filter.maxAgeRating else { return true }
    return rating <= limit
  }

  private func passesGenres(_ row: Int) -> Bool {
    let sets = self.snapshot.genreSets
    if let mask = self.genresAny, !sets.row(row, meetsAnyOf: mask) { return false }
    if let mask = self.genresAll, !sets.row(row, meetsAllOf: mask) { return false }
    if let mask = self.genresNone, sets.row(row, meetsAnyOf: mask) { return false }
    return true
  }

  /// An unknown value passes only when there is no bound.
  private static func passes<Value: Comparable>(
    _ value: Value?,
    from lower: Value?,
    to upper: Value?
  ) -> Bool {
    guard lower != nil || upper != nil else { return true }
    guard let value else { return false }
    if let lower, value < lower { return false }
    if let upper, value > upper { return false }
    return true
  }
}
