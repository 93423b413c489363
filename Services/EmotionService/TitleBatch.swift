import Contracts
import Providers
import RPC

/// The titles of a request: 1...100, or as many as a batch takes, with ids that differ, each within its limits.
struct TitleBatch: Sendable {
  static let maxTitles = 100
  static let maxIDScalars = 256
  static let maxNameScalars = 500
  static let maxDescriptionScalars = 5000
  static let maxGenres = 32
  static let maxGenreScalars = 100

  let titles: [TitleText]

  /// Checks the field `titles` of a request.
  ///
  /// - Throws: `invalid_argument` for the first field at fault, as in "titles[3].name".
  init(
    _ titles: [Netflixgpt_Emotion_V1_TitleText],
    atMost limit: Int = Self.maxTitles
  ) throws(RPCError) {
    guard (1...limit).contains(titles.count) else {
      let description = "must be 1...\(limit) titles, are \(titles.count)"
      let reason = titles.isEmpty ? "REQUIRED" : "TOO_MANY"
      throw .invalid(field: "titles", description, reason: reason)
    }
    var ids: Set<String> = []
    for (index, title) in titles.enumerated() {
      try Self.check(title, at: "titles[\(index)]")
      guard ids.insert(title.id).inserted else {
        throw .invalid(
          field: "titles[\(index)].id",
          "must be unique in the request",
          reason: "DUPLICATE"
        )
      }
    }
    self.titles = titles.map {
      TitleText(id: $0.id, name: $0.name, description: $0.description_p, genres: $0.genres)
    }
  }

  private static func check(
    _ title: Netflixgpt_Emotion_V1_TitleText,
    at path: String
  ) throws(RPCError) {
    guard !title.id.isEmpty else {
      throw .invalid(field: "\(path).id", "must not be empty", reason: "REQUIRED")
    }
    try Self.check(title.id, atMost: Self.maxIDScalars, at: "\(path).id")
    guard !title.name.isBlank else {
      throw .invalid(field: "\(path).name", "must not be blank", reason: "REQUIRED")
    }
    try Self.check(title.name, atMost: Self.maxNameScalars, at: "\(path).name")
    try Self.check(
      title.description_p,
      atMost: Self.maxDescriptionScalars,
      at: "\(path).description"
    )
    guard title.genres.count <= Self.maxGenres else {
      let description = "must be at most \(Self.maxGenres), are \(title.genres.count)"
      throw .invalid(field: "\(path).genres", description, reason: "TOO_MANY")
    }
    for (index, genre) in title.genres.enumerated() {
      try Self.check(genre, atMost: Self.maxGenreScalars, at: "\(path).genres[\(index)]")
    }
  }

  private static func check(
    _ text: String,
    atMost limit: Int,
    at path: String
  ) throws(RPCError) {
    let count = text.unicodeScalars.count
    guard count <= limit else {
      let description = "must be at most \(limit) characters, is \(count)"
      throw .invalid(field: path, description, reason: "TOO_LONG")
    }
  }
}
