import CatalogStore
import SeededRandom
import Testing

@Suite struct `A ranking` {
  /// A snapshot as a store makes it.
  private static func snapshot(of catalog: SampleCatalog) async throws -> CatalogSnapshot {
    try await StoreFactory.sqlite.withStore { store in
      try await catalog.write(to: store)
      return try await store.snapshot()
    }
  }

  private static func cosine(_ left: [Float], _ right: [Float]) -> Double {
    func length(_ vector: [Float]) -> Double {
      vector.map { component in Double(component) * Double(component) }.reduce(0, +).squareRoot()
    }
    let product = zip(left, right).map { Double($0) * Double($1) }.reduce(0, +)
    return product / (length(left) * length(right))
  }

  /// Every title's score by the definition.
  private static func bruteForce(
    _ catalog: SampleCatalog,
    _ query: RankingQuery
  ) -> [(id: String, score: Double)] {
    let scored = catalog.titles.map { stored in
      let emotions = query.emotions.map { sought in
        let similarities = stored.title.emotions.compactMap { emotion in
          catalog.emotionVectors[emotion.name].map { vector in
            Self.cosine(sought.vector, vector)
          }
        }
        return sought.weight * (similarities.max() ?? 0)
      }
      let content = query.content.map { content in
        content.weight * (stored.contentVector.map { Self.cosine(content.vector, $0) } ?? 0)
      }
      return (id: stored.title.id, score: emotions.reduce(0, +) + (content ?? 0))
    }
    return scored.sorted { left, right in
      left.score != right.score ? left.score > right.score : left.id < right.id
    }
  }

  private static func query(
    emotions: Int,
    seed: UInt64,
    limit: Int,
    _ vector: (inout SeededGenerator) -> [Float]
  ) -> RankingQuery {
    var generator = SeededGenerator(seed: seed)
    return RankingQuery(
      emotions: (0..<emotions).map { number in
        RankingQuery.Emotion(
          name: "sought \(number)",
          vector: vector(&generator),
          weight: Double(Int.random(in: 1...8, using: &generator)) / 8
        )
      },
      content: seed.isMultiple(of: 3)
        ? nil : RankingQuery.Content(vector: vector(&generator), weight: 0.25),
      limit: limit
    )
  }

  @Test(arguments: [1, 3, 7, 8, 17, 100], [1, 8, 9, 20])
  func `equals the definition to the last id and bit where sums are exact`(
    dimensions: Int,
    emotions: Int
  ) async throws {
    let seed = UInt64(dimensions * 31 + emotions)
    let catalog = SampleCatalog.gridded(titles: 120, words: 23, dimensions: dimensions, seed: seed)
    let snapshot = try await Self.snapshot(of: catalog)
    for limit in [1, 10, 119, 500] {
      let query = Self.query(emotions: emotions, seed: seed, limit: limit) { generator in
        griddedVector(dimensions, &generator)
      }
      let expected = Self.bruteForce(catalog, query).prefix(limit)
      let ranking = try snapshot.rank(query)
      #expect(ranking.titles.map(\.id) == expected.map(\.id))
      #expect(ranking.titles.map(\.score) == expected.map(\.score))
      #expect(ranking.candidates == 120)
      #expect(ranking.exact)
    }
  }

  @Test(arguments: [1, 5, 16, 19, 128])
  func `equals the definition for vectors of any length and direction`(
    dimensions: Int
  )
    async throws
  {
    let seed = UInt64(dimensions)
    let catalog = SampleCatalog.scattered(
      titles: 150,
      words: 60,
      dimensions: dimensions,
      seed: seed
    )
    let snapshot = try await Self.snapshot(of: catalog)
    let query = Self.query(emotions: 8, seed: seed, limit: 150) { generator in
      scatteredVector(dimensions, &generator)
    }
    let expected = Dictionary(
      uniqueKeysWithValues: Self.bruteForce(catalog, query).map { ($0.id, $0.score) }
    )
    let ranking = try snapshot.rank(query)
    #expect(ranking.titles.count == 150)
    #expect(
      ranking.titles.allSatisfy { title in abs(title.score - (expected[title.id] ?? 9)) < 1e-5 }
    )
    #expect(zip(ranking.titles, ranking.titles.dropFirst()).allSatisfy { $0.score >= $1.score })
  }

  @Test func `the contributions are the score`() async throws {
    let catalog = SampleCatalog.scattered(titles: 200, words: 50, dimensions: 24, seed: 2)
    let snapshot = try await Self.snapshot(of: catalog)
    for emotions in [0, 1, 8, 11] {
      let query = Self.query(emotions: emotions, seed: 4, limit: 200) { generator in
        scatteredVector(24, &generator)
      }
      for title in try snapshot.rank(query).titles {
        var sum = 0.0
        for match in title.matches {
          #expect(match.contribution == match.weight * match.similarity)
          #expect((-1.000_001...1.000_001).contains(match.similarity))
          sum += match.contribution
        }
        sum += try #require(title.content).contribution
        #expect(sum == title.score)
      }
    }
  }

  @Test func `a match names the nearest emotion, the stronger of two that are equally near`()
    async throws
  {
    var catalog = SampleCatalog(titles: [CatalogTitle(id: "a", name: "A", type: .movie)])
    catalog.titles[0].title.emotions = ["calm", "joy", "glee"].map { name in
      TitleEmotion(name: name, intensity: 1)
    }
    catalog.emotionVectors = ["calm": [0, 1], "glee": [1, 0], "joy": [1, 0]]
    let query = RankingQuery(
      emotions: [
        RankingQuery.Emotion(name: "delight", vector: [3, 0], weight: 0.75),
        RankingQuery.Emotion(name: "peace", vector: [0, 2], weight: 0.25),
      ],
      content: RankingQuery.Content(vector: [1, 1], weight: 0.5),
      limit: 1
    )
    let ranked = try await Self.snapshot(of: catalog).rank(query).titles
    #expect(ranked.first?.matches.map(\.queryEmotion) == ["delight", "peace"])
    #expect(ranked.first?.matches.map(\.titleEmotion) == ["joy", "calm"])
    #expect(ranked.first?.matches.map(\.similarity) == [1, 1])
    #expect(ranked.first?.score == 1)
    #expect(ranked.first?.content?.similarity == 0)
  }

  @Test func `a title without emotions scores nothing for them`() async throws {
    var catalog = SampleCatalog(titles: [
      CatalogTitle(id: "b", name: "B", type: .movie), CatalogTitle(id: "a", name: "A", type: .show),
    ])
    catalog.titles[0].contentVector = [0, 1]
    let sought = RankingQuery.Emotion(name: "joy", vector: [1, 0], weight: 1)
    let snapshot = try await Self.snapshot(of: catalog)
    let ranking = try snapshot.rank(RankingQuery(emotions: [sought], limit: 5))
    #expect(ranking.titles.map(\.id) == ["a", "b"])
    #expect(ranking.titles.allSatisfy { $0.score == 0 && $0.matches.isEmpty && $0.content == nil })
  }

  @Test(arguments: [-1, 0, 1, 2, 3, 4, .max])
  func `at most as many titles as wanted, out of all candidates`(limit: Int) async throws {
    let titles = ["c", "a", "b"].map { id in CatalogTitle(id: id, name: id, type: .movie) }
    let snapshot = try await Self.snapshot(of: SampleCatalog(titles: titles))
    let ranking = try snapshot.rank(RankingQuery(emotions: [], limit: limit))
    #expect(ranking.titles.map(\.id) == Array(["a", "b", "c"].prefix(max(limit, 0))))
    #expect(ranking.candidates == 3)
  }

  @Test func `a title is not like itself`() async throws {
    let titles = ["a", "b"].map { id in CatalogTitle(id: id, name: id, type: .movie) }
    let snapshot = try await Self.snapshot(of: SampleCatalog(titles: titles))
    for (id, expected) in [("a", ["b"]), ("b", ["a"]), ("c", ["a", "b"])] {
      let query = RankingQuery(emotions: [], limit: 9, excludedTitleID: id)
      #expect(try snapshot.rank(query).titles.map(\.id) == expected)
      #expect(try snapshot.rank(query).candidates == expected.count)
    }
  }

  @Test func `what cannot be compared is refused`() async throws {
    let catalog = SampleCatalog.scattered(titles: 9, words: 9, dimensions: 4, seed: 1)
    let snapshot = try await Self.snapshot(of: catalog)
    func rank(_ vector: [Float], _ weight: Double) throws {
      let emotion = RankingQuery.Emotion(name: "joy", vector: vector, weight: weight)
      let content = RankingQuery.Content(vector: vector, weight: weight)
      _ = try snapshot.rank(RankingQuery(emotions: [emotion], limit: 1))
      _ = try snapshot.rank(RankingQuery(emotions: [], content: content, limit: 1))
    }
    try rank([1, 2, 3, 4], 1)
    try rank([0, 0, 0, 0], 1)
    for vector in [[], [1, 2, 3], [1, 2, 3, 4, 5]] as [[Float]] {
      #expect(
        throws: StoreError.rejected(
          "a vector of \(vector.count) numbers where the catalog's have 4"
        )
      ) { try rank(vector, 1) }
    }
    let notFinite = StoreError.rejected("a vector or weight that is not finite")
    #expect(throws: notFinite) { try rank([1, 2, .nan, 4], 1) }
    #expect(throws: notFinite) { try rank([1, 2, -.infinity, 4], 1) }
    #expect(throws: notFinite) { try rank([1, 2, 3, 4], .nan) }
  }
}
