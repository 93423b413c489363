import CatalogStore
import Contracts
import RPC

extension TitleFilter {
  /// The genres of Kaggle's catalog, which are known even before a catalog has them.
  static let standardGenres: Set<String> = [
    "action", "animation", "comedy", "crime", "documentation", "drama", "european", "family",
    "fantasy", "history", "horror", "music", "reality", "romance", "scifi", "sport", "thriller",
    "war", "western",
  ]

  /// Checks a filter from the wire.
  ///
  /// Throws `invalid_argument` with the JSON path of the first field at fault, below `path`.
  init(
    _ message: Netflixgpt_Recommendation_V1_TitleFilter,
    at path: String,
    genres known: [String]
  ) throws(RPCError) {
    let genres = Self.standardGenres.union(known)
    func checked(_ names: [String], _ field: String) throws(RPCError) -> [String] {
      guard names.count <= 32 else { throw .tooMany("\(path).\(field)", names.count, most: 32) }
      for (index, name) in names.enumerated() where !genres.contains(name.lowercased()) {
        throw .invalid(
          field: "\(path).\(field)[\(index)]",
          "is not a genre, known are: \(genres.sorted().joined(separator: ", "))",
          reason: "UNKNOWN_VALUE"
        )
      }
      return names.map { $0.lowercased() }
    }
    func within<Number: Comparable>(
      _ number: Number,
      _ range: ClosedRange<Number>,
      _ field: String
    ) throws(RPCError) -> Number {
      guard range.contains(number) else {
        throw .outOfRange("\(path).\(field)", "\(number)", "\(range)")
      }
      return number
    }
    func ordered(_ low: Int?, _ high: Int?, _ field: String) throws(RPCError) {
      guard let low, let high, low > high else { return }
      throw .invalid(
        field: "\(path).\(field)",
        "must not be below its minimum, \(low), is \(high)",
        reason: "OUT_OF_RANGE"
      )
    }

    self.init()
    for (index, type) in message.types.enumerated() {
      switch type {
      case .movie: self.types.insert(.movie)
      case .show: self.types.insert(.show)
      case .unspecified, .UNRECOGNIZED:
        throw .invalid(
          field: "\(path).types[\(index)]",
          "must be TITLE_TYPE_MOVIE or TITLE_TYPE_SHOW",
          reason: "UNKNOWN_VALUE"
        )
      }
    }
    self.genresAny = try checked(message.genresAny, "genresAny")
    self.genresAll = try checked(message.genresAll, "genresAll")
    self.genresNone = try checked(message.genresNone, "genresNone")
    if message.hasMinYear {
      self.minYear = try within(Int(message.minYear), 1870...2100, "minYear")
    }
    if message.hasMaxYear {
      self.maxYear = try within(Int(message.maxYear), 1870...2100, "maxYear")
    }
    try ordered(self.minYear, self.maxYear, "maxYear")
    if message.hasMaxAgeRating {
      guard let rating = AgeRating(message.maxAgeRating) else {
        throw .invalid(
          field: "\(path).maxAgeRating",
          "is not a rating, known are: TV-Y, TV-G, G, TV-Y7, PG, TV-PG, PG-13, TV-14, R, TV-MA, "
            + "NC-17",
          reason: "UNKNOWN_VALUE"
        )
      }
      self.maxAgeRating = rating
    }
    // Whoever asks for a maximum age asks for it because of children.
    self.includeUnrated =
      message.hasIncludeUnrated ? message.includeUnrated : !message.hasMaxAgeRating
    if message.hasMinRuntimeMinutes {
      self.minRuntime = try within(Int(message.minRuntimeMinutes), 1...1000, "minRuntimeMinutes")
    }
    if message.hasMaxRuntimeMinutes {
      self.maxRuntime = try within(Int(message.maxRuntimeMinutes), 1...1000, "maxRuntimeMinutes")
    }
    try ordered(self.minRuntime, self.maxRuntime, "maxRuntimeMinutes")
    if message.hasMinScore { self.minScore = try within(message.minScore, 0...10, "minScore") }
    guard message.excludeIds.count <= 1000 else {
      throw .tooMany("\(path).excludeIds", message.excludeIds.count, most: 1000)
    }
    self.excludedIDs = Set(message.excludeIds)
  }
}

extension RPCError {
  static func outOfRange(_ field: String, _ value: String, _ range: String) -> RPCError {
    .invalid(field: field, "must be \(range), is \(value)", reason: "OUT_OF_RANGE")
  }

  static func tooMany(_ field: String, _ count: Int, most: Int) -> RPCError {
    .invalid(field: field, "must have at most \(most), has \(count)", reason: "TOO_MANY")
  }
}
