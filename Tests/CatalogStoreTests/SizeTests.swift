import CatalogStore
import Glibc
import SeededRandom
import Testing

/// What a catalog in memory takes; `CATALOG_SIZES=5850,100000,1000000` measures it.
@Suite struct `A catalog in memory` {
  private static let sizes =
    (getenv("CATALOG_SIZES").map { String(cString: $0) } ?? "2000")
    .split(separator: ",").compactMap { Int($0) }
  private static let dimensions = 128
  private static let words = 2000

  /// Megabytes of this process that are in memory.
  private static func resident() throws -> Int {
    let text = String(decoding: try bytes(of: "/proc/self/statm", upTo: 200), as: UTF8.self)
    let pages = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    return (pages * Int(getpagesize())) >> 20
  }

  private static func bytes(of path: String, upTo count: Int) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: count)
    let taken = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, count) }
    return Array(bytes.prefix(max(taken, 0)))
  }

  private static func title(_ number: Int, _ generator: inout SeededGenerator) -> SnapshotTitle {
    SnapshotTitle(
      id: "tm\(number)",
      type: .movie,
      genres: [["drama"], ["comedy", "drama"]][number % 2],
      releaseYear: 1950 + number % 70,
      runtimeMinutes: 90,
      ageRating: "PG",
      imdbScore: Double(number % 100) / 10,
      tmdbScore: nil,
      emotions: (0..<8).map { rank in
        TitleEmotion(
          name: "word \(generator.next() % UInt64(Self.words))",
          intensity: 1 - Double(rank) / 10
        )
      },
      contentVector: (0..<Self.dimensions).map { _ in
        Float(Int16(truncatingIfNeeded: generator.next()))
      }
    )
  }

  private static func vector(_ generator: inout SeededGenerator) -> [Float] {
    (0..<Self.dimensions).map { _ in Float(Int16(truncatingIfNeeded: generator.next())) }
  }

  @Test(arguments: sizes)
  func `is ranked exactly at any size`(count: Int) throws {
    var generator = SeededGenerator(seed: 1)
    var vectors: [String: [Float]] = [:]
    for number in 0..<Self.words { vectors["word \(number)"] = Self.vector(&generator) }
    let before = try Self.resident()
    let clock = ContinuousClock()
    var built: CatalogSnapshot?
    var titles: [SnapshotTitle] = []
    for number in 0..<count { titles.append(Self.title(number, &generator)) }
    let peak = try Self.resident()
    let building = clock.measure {
      built = CatalogSnapshot(
        version: "1",
        space: "s",
        dimensions: Self.dimensions,
        titles: titles,
        emotionVectors: vectors
      )
    }
    titles = []
    let snapshot = try #require(built)
    var times: [Duration] = []
    for _ in 0..<30 {
      let query = RankingQuery(
        emotions: (0..<4).map { number in
          RankingQuery.Emotion(name: "\(number)", vector: Self.vector(&generator), weight: 0.2)
        },
        content: .init(vector: Self.vector(&generator), weight: 0.2),
        limit: 20
      )
      var ranking: Ranking?
      times.append(try clock.measure { ranking = try snapshot.rank(query) })
      let given = try #require(ranking)
      #expect(given.exact && given.titles.count == min(20, count))
      if times.count == 1 { #expect(try Self.recall(of: given, query, vectors, snapshot) == 1) }
    }
    times.sort()
    let after = try Self.resident()
    print(
      "\(count) titles: \(after - before) MB more than before (\(peak - before) MB for the rows "
        + "while it was built), built in \(building), ranked in \(times[15]) (p50), "
        + "\(times[29]) (slowest of 30)"
    )
    _ = snapshot.count
  }

  /// The share of the truly best titles that are in a ranking: every title is scored by the
  /// definition, and one that beats the last of the ranking by more than rounding is missing.
  private static func recall(
    of ranking: Ranking,
    _ query: RankingQuery,
    _ vectors: [String: [Float]],
    _ snapshot: CatalogSnapshot
  ) throws -> Double {
    let content = try #require(query.content)
    var similarities: [String: [Double]] = [:]
    for (word, vector) in vectors {
      similarities[word] = query.emotions.map { Self.cosine($0.vector, vector) }
    }
    let given = Set(ranking.titles.map(\.id))
    let last = try #require(ranking.titles.last?.score)
    var missing = 0
    for id in snapshot.ids where !given.contains(id) {
      let words = try #require(snapshot.emotions(of: id)).compactMap { similarities[$0.name] }
      var score = 0.0
      for (index, emotion) in query.emotions.enumerated() {
        score += emotion.weight * (words.map { $0[index] }.max() ?? 0)
      }
      let vector = try #require(snapshot.contentVector(of: id))
      score += content.weight * Self.cosine(content.vector, vector)
      if score > last + 1e-4 { missing += 1 }
    }
    return 1 - Double(missing) / Double(ranking.titles.count)
  }

  private static func cosine(_ left: [Float], _ right: [Float]) -> Double {
    var (product, first, second) = (0.0, 0.0, 0.0)
    for index in left.indices {
      product += Double(left[index]) * Double(right[index])
      first += Double(left[index]) * Double(left[index])
      second += Double(right[index]) * Double(right[index])
    }
    return product / (first * second).squareRoot()
  }
}
