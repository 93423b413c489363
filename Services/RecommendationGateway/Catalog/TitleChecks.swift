import CatalogStore
import Contracts
import RPC

extension CatalogTitle {
  /// Checks a title from the wire.
  ///
  /// Throws `invalid_argument` with the JSON path of the first field at fault, below `path`.
  init(_ message: Netflixgpt_Catalog_V1_Title, at path: String) throws(RPCError) {
    let check = FieldCheck(path: path)
    try TitleID.check(message.id, at: "\(path).id")
    try check.name(message.name, "name", bytes: 1...2000)
    self.init(id: message.id, name: message.name, type: try check.type(message.type))
    try check.text(message.description_p, "description", bytes: 0...20_000)
    self.description = message.description_p
    self.genres = try check.list(message.genres, "genres", most: 32)
    self.productionCountries = try check.list(
      message.productionCountries,
      "productionCountries",
      most: 64
    )
    if message.hasReleaseYear {
      self.releaseYear = try check.number(Int(message.releaseYear), 1870...2100, "releaseYear")
    }
    if message.hasAgeRating {
      try check.text(message.ageRating, "ageRating", bytes: 1...32)
      self.ageRating = message.ageRating
    }
    if message.hasRuntimeMinutes {
      self.runtimeMinutes = try check.number(
        Int(message.runtimeMinutes),
        0...10_000,
        "runtimeMinutes"
      )
    }
    if message.hasSeasons {
      self.seasons = try check.number(Int(message.seasons), 0...10_000, "seasons")
    }
    if message.hasImdbID {
      try check.text(message.imdbID, "imdbId", bytes: 1...32)
      self.imdbID = message.imdbID
    }
    if message.hasImdbScore {
      self.imdbScore = try check.number(message.imdbScore, 0...10, "imdbScore")
    }
    if message.hasImdbVotes {
      self.imdbVotes = try check.number(Int(message.imdbVotes), 0...Int(Int32.max), "imdbVotes")
    }
    if message.hasTmdbPopularity {
      self.tmdbPopularity = try check.number(message.tmdbPopularity, 0...1e9, "tmdbPopularity")
    }
    if message.hasTmdbScore {
      self.tmdbScore = try check.number(message.tmdbScore, 0...10, "tmdbScore")
    }
    self.emojis = try check.list(message.emojis, "emojis", most: 8)
    self.emotions = try check.emotions(message.emotions)
    if !self.emotions.isEmpty { self.annotatedBy = "caller" }
  }
}

/// Checks the fields of a title, whose JSON path is known.
private struct FieldCheck {
  let path: String

  func text(_ text: String, _ field: String, bytes: ClosedRange<Int>) throws(RPCError) {
    let count = text.utf8.count
    guard bytes.contains(count) else {
      throw .invalid(
        field: "\(self.path).\(field)",
        "must have \(bytes) bytes, has \(count)",
        reason: count == 0 ? "REQUIRED" : "TOO_LONG"
      )
    }
    guard !text.utf8.contains(0) else {
      throw .invalid(
        field: "\(self.path).\(field)",
        "must not hold a NUL character",
        reason: "INVALID_CHARACTER"
      )
    }
  }

  /// A text that can be seen.
  func name(_ text: String, _ field: String, bytes: ClosedRange<Int>) throws(RPCError) {
    try self.text(text, field, bytes: bytes)
    guard !text.isBlank else {
      throw .invalid(field: "\(self.path).\(field)", "must not be blank", reason: "REQUIRED")
    }
  }

  func list(_ texts: [String], _ field: String, most: Int) throws(RPCError) -> [String] {
    guard texts.count <= most else {
      throw .tooMany("\(self.path).\(field)", texts.count, most: most)
    }
    for (index, text) in texts.enumerated() {
      try self.text(text, "\(field)[\(index)]", bytes: 1...64)
    }
    return texts
  }

  /// A number that is not finite is in no range.
  func number<Number: Comparable>(
    _ number: Number,
    _ range: ClosedRange<Number>,
    _ field: String
  ) throws(RPCError) -> Number {
    guard range.contains(number) else {
      throw .outOfRange("\(self.path).\(field)", "\(number)", "\(range)")
    }
    return number
  }

  func type(_ type: Netflixgpt_Catalog_V1_TitleType) throws(RPCError) -> TitleType {
    switch type {
    case .movie: return .movie
    case .show: return .show
    case .unspecified, .UNRECOGNIZED:
      throw .invalid(
        field: "\(self.path).type",
        "must be TITLE_TYPE_MOVIE or TITLE_TYPE_SHOW",
        reason: "UNKNOWN_VALUE"
      )
    }
  }

  /// Emotions that differ, strongest first.
  func emotions(_ emotions: [Netflixgpt_Answer_V1_Emotion]) throws(RPCError) -> [TitleEmotion] {
    guard emotions.count <= 8 else {
      throw .tooMany("\(self.path).emotions", emotions.count, most: 8)
    }
    var names: Set<String> = []
    var checked: [TitleEmotion] = []
    for (index, emotion) in emotions.enumerated() {
      try self.name(emotion.name, "emotions[\(index)].name", bytes: 1...64)
      let intensity = try self.number(
        emotion.intensity,
        0...1,
        "emotions[\(index)].intensity"
      )
      let name = emotion.name.lowercased()
      guard names.insert(name).inserted else {
        throw .invalid(
          field: "\(self.path).emotions[\(index)].name",
          "must be unique in the title",
          reason: "DUPLICATE"
        )
      }
      checked.append(TitleEmotion(name: name, intensity: intensity))
    }
    return checked.sorted { $0.intensity > $1.intensity }
  }
}
