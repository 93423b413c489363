import CatalogStore
import SeededRandom

/// Titles as real ones are in number of words, genres and length; the same ones in every run.
struct SyntheticTitles {
  /// Vectors by emotion.
  let words: [String: [Float]]
  private let dimensions: Int

  private static let wordCount = 2000
  private static let wordsPerTitle = 8
  /// From the most usual to the rarest, each about four fifths as frequent as the one before.
  private static let genres = [
    "drama", "comedy", "thriller", "action", "romance", "documentation", "crime", "animation",
    "family", "fantasy", "scifi", "european", "horror", "music", "history", "reality", "war",
    "sport", "western",
  ]
  private static let sentence = "Two who never meant to meet are held up by the rain for a night. "

  init(dimensions: Int) {
    self.dimensions = dimensions
    var random = SeededGenerator(seed: 1)
    self.words = Dictionary(
      uniqueKeysWithValues: (0..<Self.wordCount).map { number in
        ("word \(number)", random.vector(dimensions))
      }
    )
  }

  /// The title of a number.
  func title(_ number: Int) -> StoredTitle {
    var random = SeededGenerator(seed: UInt64(number) &* 0x9E37_79B9_7F4A_7C15 &+ 7)
    let title = CatalogTitle(
      id: "made\(number)",
      name: "Title \(number)",
      type: random.next() % 100 < 65 ? .movie : .show,
      description: String(repeating: Self.sentence, count: 2 + Int(random.next() % 8)),
      releaseYear: 2022 - Int(random.next() % 20) * Int(random.next() % 4),
      ageRating: ["G", "PG", "PG-13", "R", "TV-MA", nil][Int(random.next() % 6)],
      runtimeMinutes: 20 + Int(random.next() % 130),
      genres: Set((0..<3).map { _ in Self.genres[Self.rank(&random)] }).sorted(),
      imdbScore: Double(30 + random.next() % 65) / 10,
      emotions: (0..<Self.wordsPerTitle).map { rank in
        TitleEmotion(
          name: "word \(random.next() % UInt64(Self.wordCount))",
          intensity: 1 - Double(rank) / 10
        )
      },
      annotatedBy: "made up"
    )
    return StoredTitle(
      title: title,
      contentVector: random.vector(self.dimensions),
      sourceHash: UInt64(number)
    )
  }

  private static func rank(_ random: inout SeededGenerator) -> Int {
    var rank = 0
    while rank < self.genres.count - 1, random.next() % 5 != 0 { rank += 1 }
    return rank
  }
}

extension SeededGenerator {
  mutating func vector(_ dimensions: Int) -> [Float] {
    (0..<dimensions).map { _ in Float.random(in: -1...1, using: &self) }
  }
}
