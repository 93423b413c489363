import CatalogStore
import SeededRandom

/// A catalog made up for a test.
struct SampleCatalog: Sendable {
  var titles: [StoredTitle]
  var emotionVectors: [String: [Float]]
  var space = "test-space"

  func write(to store: any TitleStore) async throws {
    try await store.upsert(self.titles, emotionVectors: self.emotionVectors, space: self.space)
  }

  /// Titles without emotions and vectors.
  init(titles: [CatalogTitle]) {
    self.titles = titles.map { title in
      StoredTitle(title: title, contentVector: nil, sourceHash: 0)
    }
    self.emotionVectors = [:]
  }

  /// Titles of 0...8 emotions each; every seventh has no content vector.
  init(
    titles count: Int,
    words: Int,
    seed: UInt64,
    vector: (inout SeededGenerator) -> [Float]
  ) {
    var generator = SeededGenerator(seed: seed)
    let names = (0..<words).map { word in "word \(word)" }
    self.emotionVectors = [:]
    for name in names { self.emotionVectors[name] = vector(&generator) }
    self.titles = []
    for number in 0..<count {
      let emotions = names.shuffled(using: &generator).prefix(.random(in: 0...8, using: &generator))
      let title = CatalogTitle(
        id: "t\(number)",
        name: "Title \(number)",
        type: Bool.random(using: &generator) ? .movie : .show,
        description: "About \(number).",
        releaseYear: .random(in: 1950...2022, using: &generator),
        genres: [["drama"], ["comedy", "drama"], []].randomElement(using: &generator) ?? [],
        imdbScore: Double.random(in: 0...10, using: &generator),
        emotions: emotions.map { name in
          TitleEmotion(name: name, intensity: Double.random(in: 0...1, using: &generator))
        },
        emojis: ["🎬", "😭"],
        annotatedBy: "test"
      )
      self.titles.append(
        StoredTitle(
          title: title,
          contentVector: number.isMultiple(of: 7) ? nil : vector(&generator),
          sourceHash: generator.next()
        )
      )
    }
  }

  /// Vectors with components of a normal distribution.
  static func scattered(
    titles: Int,
    words: Int,
    dimensions: Int,
    seed: UInt64
  ) -> SampleCatalog {
    SampleCatalog(titles: titles, words: words, seed: seed) { generator in
      scatteredVector(dimensions, &generator)
    }
  }

  /// Vectors of which all products and their sums are exact, so that equal scores are common.
  static func gridded(titles: Int, words: Int, dimensions: Int, seed: UInt64) -> SampleCatalog {
    SampleCatalog(titles: titles, words: words, seed: seed) { generator in
      griddedVector(dimensions, &generator)
    }
  }
}

/// Sums of twelve equally distributed numbers are near enough to a normal distribution.
func scatteredVector(_ dimensions: Int, _ generator: inout SeededGenerator) -> [Float] {
  (0..<dimensions).map { _ in
    (0..<12).reduce(-6) { sum, _ in sum + Float.random(in: 0...1, using: &generator) }
  }
}

/// One component of ±1, four of ±1/2 or sixteen of ±1/4: exactly of length 1.
func griddedVector(_ dimensions: Int, _ generator: inout SeededGenerator) -> [Float] {
  let counts = [1, 4, 16].filter { count in count <= dimensions }
  let count = counts.randomElement(using: &generator) ?? 1
  let size = [1: Float(1), 4: 0.5, 16: 0.25][count, default: 1]
  var vector = [Float](repeating: 0, count: dimensions)
  for place in vector.indices.shuffled(using: &generator).prefix(count) {
    vector[place] = Bool.random(using: &generator) ? size : -size
  }
  return vector
}
