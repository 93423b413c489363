import CatalogStore
import Testing

@Suite struct `Every store` {
  private static let full = CatalogTitle(
    id: "ts1",
    name: "Tales \"of\" 냉면",
    type: .show,
    description: "Two lines,\n\\ and \u{1F62D}.",
    releaseYear: 1969,
    ageRating: "TV-14",
    runtimeMinutes: 30,
    genres: ["comedy", "it's \"so\""],
    productionCountries: ["GB", "US"],
    seasons: 4,
    imdbID: "tt1",
    imdbScore: 8.8,
    imdbVotes: 73424,
    tmdbPopularity: 0.0094417458789051,
    tmdbScore: 8.306,
    emotions: [
      TitleEmotion(name: "joy", intensity: 1), TitleEmotion(name: "quiet fear", intensity: 0.1),
    ],
    emojis: ["👨‍👩‍👧", "💔"],
    annotatedBy: "test/1"
  )
  private static let bare = CatalogTitle(id: "tm1", name: "Bare", type: .movie)
  private static let vectors: [String: [Float]] = ["joy": [0, 1, 0], "quiet fear": [1, 0, 0]]
  private static let titles = [
    StoredTitle(title: full, contentVector: [0.6, 0.8, 0], sourceHash: .max),
    StoredTitle(title: bare, contentVector: nil, sourceHash: 0),
  ]

  @Test(arguments: StoreFactory.all)
  func `an empty catalog answers with nothing`(_ factory: StoreFactory) async throws {
    try await factory.withStore { store in
      let snapshot = try await store.snapshot()
      #expect(snapshot.count == 0)
      #expect(snapshot.words.isEmpty && snapshot.genres.isEmpty && snapshot.space.isEmpty)
      let query = RankingQuery(
        emotions: [RankingQuery.Emotion(name: "joy", vector: [1, 2], weight: 1)],
        limit: 10
      )
      let ranking = try snapshot.rank(query)
      #expect(ranking.titles.isEmpty && ranking.candidates == 0 && ranking.exact)
      #expect(try await store.titles(["x"]).isEmpty)
      #expect(try await store.sourceHashes().isEmpty)
      #expect(try await store.snapshot().words.isEmpty)
      #expect(try await store.delete(["x"]) == 0)
      try await store.upsert([], emotionVectors: ["joy": [1]], space: "s")
      #expect(try await store.snapshot().words.isEmpty)
    }
  }

  @Test(arguments: StoreFactory.all)
  func `titles come back as they were given, in the order asked`(
    _ factory: StoreFactory
  )
    async throws
  {
    try await factory.withStore { store in
      try await store.upsert(Self.titles, emotionVectors: Self.vectors, space: "s")
      #expect(
        try await store.titles(["tm1", "no", "ts1", "tm1"]) == [Self.bare, Self.full, Self.bare]
      )
      #expect(try await store.titles([]).isEmpty)
      #expect(try await store.sourceHashes() == ["ts1": .max, "tm1": 0])
      #expect(try await store.snapshot().words == ["joy", "quiet fear"])
    }
  }

  @Test(arguments: StoreFactory.all)
  func `a snapshot holds what ranking needs`(_ factory: StoreFactory) async throws {
    try await factory.withStore { store in
      try await store.upsert(Self.titles, emotionVectors: Self.vectors, space: "s")
      let snapshot = try await store.snapshot()
      #expect(snapshot.ids == ["tm1", "ts1"])
      #expect(snapshot.words == ["joy", "quiet fear"])
      #expect(snapshot.genres == ["comedy", "it's \"so\""])
      #expect(snapshot.space == "s")
      #expect(snapshot.dimensions == 3)
      #expect(snapshot.contains("ts1") && !snapshot.contains("ts2"))
      #expect(snapshot.contentVector(of: "ts1") == [0.6, 0.8, 0])
      #expect(snapshot.contentVector(of: "tm1") == nil)
      #expect(snapshot.contentVector(of: "ts2") == nil)
      let emotions = try #require(snapshot.emotions(of: "ts1"))
      #expect(emotions.map(\.name) == ["joy", "quiet fear"])
      #expect(emotions.map(\.intensity) == [1, 0.1])
      #expect(emotions.map(\.vector) == [[0, 1, 0], [1, 0, 0]])
      #expect(snapshot.emotions(of: "tm1")?.isEmpty == true)
      #expect(snapshot.emotions(of: "ts2") == nil)
    }
  }

  @Test(arguments: StoreFactory.all)
  func `a title with a known id replaces, and the last of a batch counts`(
    _ factory: StoreFactory
  )
    async throws
  {
    try await factory.withStore { store in
      try await store.upsert(Self.titles, emotionVectors: Self.vectors, space: "s")
      var second = Self.titles[0]
      second.title.name = "Second"
      second.title.emotions = [TitleEmotion(name: "calm", intensity: 0.5)]
      var third = second
      third.title.name = "Third"
      try await store.upsert([second, third], emotionVectors: ["calm": [0, 0, 1]], space: "s")
      #expect(try await store.titles(["ts1"]) == [third.title])
      #expect(try await store.snapshot().count == 2)
      #expect(try await store.snapshot().words == ["calm"])
    }
  }

  @Test(arguments: StoreFactory.all)
  func `deleting tells how many there were and forgets unused emotions`(
    _ factory: StoreFactory
  )
    async throws
  {
    try await factory.withStore { store in
      try await store.upsert(Self.titles, emotionVectors: Self.vectors, space: "s")
      #expect(try await store.delete(["ts1", "ts1", "no"]) == 1)
      #expect(try await store.snapshot().words.isEmpty)
      #expect(try await store.snapshot().ids == ["tm1"])
      #expect(try await store.titles(["ts1"]).isEmpty)
    }
  }

  @Test(arguments: StoreFactory.all)
  func `vectors of another space are refused until the catalog is empty`(
    _ factory: StoreFactory
  )
    async throws
  {
    try await factory.withStore { store in
      try await store.upsert(Self.titles, emotionVectors: Self.vectors, space: "s")
      let before = try await store.digest()
      await #expect(throws: StoreError.spaceMismatch(expected: "s", got: "other")) {
        try await store.upsert([Self.titles[1]], emotionVectors: [:], space: "other")
      }
      #expect(try await store.digest() == before)
      #expect(try await store.delete(["ts1", "tm1"]) == 2)
      #expect(try await store.snapshot().space.isEmpty)
      try await store.upsert(
        Self.titles.map { title in
          var title = title
          title.contentVector = [1, 0]
          return title
        },
        emotionVectors: ["joy": [0, 1], "quiet fear": [1, 0]],
        space: "other"
      )
      #expect(try await store.snapshot().space == "other")
      #expect(try await store.snapshot().dimensions == 2)
    }
  }

  @Test(arguments: StoreFactory.all)
  func `a bad batch is refused as a whole`(_ factory: StoreFactory) async throws {
    try await factory.withStore { store in
      try await store.upsert([Self.titles[0]], emotionVectors: Self.vectors, space: "s")
      let before = try await store.digest()
      func expectRefused(
        _ change: (inout StoredTitle) -> Void,
        vectors: [String: [Float]] = [:],
        space: String = "s",
        _ reason: String
      ) async {
        var bad = StoredTitle(title: Self.bare, contentVector: nil, sourceHash: 1)
        change(&bad)
        let good = StoredTitle(
          title: CatalogTitle(id: "good", name: "Good", type: .movie),
          contentVector: nil,
          sourceHash: 2
        )
        await #expect(throws: StoreError.rejected(reason)) {
          try await store.upsert([good, bad], emotionVectors: vectors, space: space)
        }
      }
      await expectRefused({ _ in }, space: "", "the embedding space has no fingerprint")
      await expectRefused({ $0.title.id = "" }, "a title has no id")
      await expectRefused(
        { $0.title.emotions = [TitleEmotion(name: "new", intensity: 1)] },
        "no vector was given for the emotion \"new\""
      )
      await expectRefused(
        { $0.title.emotions = [TitleEmotion(name: "", intensity: 1)] },
        "an emotion of the title tm1 has no name"
      )
      await expectRefused(
        { $0.contentVector = [1, 0] },
        "vectors of 2 numbers where the catalog's have 3"
      )
      await expectRefused(
        { $0.contentVector = [] },
        "vectors must have 1 to 65,536 dimensions"
      )
      await expectRefused(
        { $0.contentVector = [1, 0, 0] },
        vectors: ["joy": [1, 0]],
        "vectors of different dimensions: [2, 3]"
      )
      await expectRefused({ $0.contentVector = [.nan, 0, 0] }, "a vector is not finite")
      await expectRefused(
        { $0.title.name = "a\0b" },
        "a text of the title tm1 holds a NUL character"
      )
      await expectRefused(
        { $0.title.imdbScore = .infinity },
        "a number of the title tm1 is not finite"
      )
      #expect(try await store.digest() == before)
    }
  }

  @Test(arguments: StoreFactory.all)
  func `an emotion without a vector is known but matches nothing`(
    _ factory: StoreFactory
  )
    async throws
  {
    try await factory.withStore { store in
      var title = Self.titles[0]
      title.title.emotions.insert(TitleEmotion(name: "blorp", intensity: 1), at: 0)
      let vectors = Self.vectors.merging(["blorp": []]) { first, _ in first }
      try await store.upsert([title], emotionVectors: vectors, space: "s")
      #expect(try await store.titles(["ts1"]) == [title.title])
      #expect(try await store.snapshot().words == ["blorp", "joy", "quiet fear"])
      let snapshot = try await store.snapshot()
      #expect(snapshot.words == ["blorp", "joy", "quiet fear"])
      #expect(snapshot.emotions(of: "ts1")?.map(\.name) == ["joy", "quiet fear"])
      let query = RankingQuery(
        emotions: [RankingQuery.Emotion(name: "despair", vector: [-1, -1, 0], weight: 1)],
        limit: 1
      )
      let ranked = try #require(try snapshot.rank(query).titles.first)
      #expect(ranked.matches.map(\.titleEmotion) == ["joy"])
      #expect(ranked.score < 0)
    }
  }
}
