import CatalogStore
import SeededRandom
import Testing

@Suite struct `The digest of a catalog` {
  private static let catalog = SampleCatalog.scattered(
    titles: 40,
    words: 30,
    dimensions: 5,
    seed: 3
  )

  private static func digest(
    _ factory: StoreFactory,
    _ change: @escaping (inout SampleCatalog) -> Void
  ) async throws -> String {
    try await factory.withStore { store in
      var catalog = Self.catalog
      change(&catalog)
      try await catalog.write(to: store)
      return try await store.digest()
    }
  }

  @Test(arguments: StoreFactory.all)
  func `is the same whatever the order and history`(_ factory: StoreFactory) async throws {
    let expected = try await Self.digest(factory) { _ in }
    #expect(expected.count == 16)
    try await factory.withStore { store in
      var generator = SeededGenerator(seed: 5)
      var catalog = Self.catalog
      let extra = SampleCatalog.scattered(titles: 60, words: 45, dimensions: 5, seed: 9)
      try await extra.write(to: store)
      #expect(try await store.digest() != expected)
      _ = try await store.delete((40..<60).map { number in "t\(number)" })
      let all = catalog.titles.shuffled(using: &generator)
      for start in stride(from: 0, to: all.count, by: 7) {
        catalog.titles = Array(all[start..<min(start + 7, all.count)])
        try await catalog.write(to: store)
      }
      #expect(try await store.digest() == expected)
    }
  }

  @Test(arguments: StoreFactory.all)
  func `differs for any other content`(_ factory: StoreFactory) async throws {
    let first = { (change: @escaping (inout StoredTitle) -> Void) in
      { (catalog: inout SampleCatalog) in change(&catalog.titles[1]) }
    }
    let changes: [(inout SampleCatalog) -> Void] = [
      { _ in }, { $0.titles.removeLast() }, { $0.space = "other" },
      { $0.emotionVectors = $0.emotionVectors.mapValues { [$0[1], $0[0]] + $0.dropFirst(2) } },
      first { $0.sourceHash += 1 }, first { $0.contentVector = nil },
      first { $0.contentVector?[4] = 0.125 }, first { $0.title.name += " " },
      first { $0.title.description = "" }, first { $0.title.releaseYear = nil },
      first { $0.title.ageRating = "R" }, first { $0.title.runtimeMinutes = 1 },
      first { $0.title.genres = ["x"] }, first { $0.title.productionCountries = ["x"] },
      first { $0.title.seasons = 1 }, first { $0.title.imdbID = "x" },
      first { $0.title.imdbScore = nil }, first { $0.title.imdbVotes = 1 },
      first { $0.title.tmdbPopularity = 1 }, first { $0.title.tmdbScore = 1 },
      first { $0.title.emotions = [] }, first { $0.title.emojis = [] },
      first { $0.title.annotatedBy = "" },
      first { $0.title.type = $0.title.type == .movie ? .show : .movie },
    ]
    var digests: Set<String> = []
    for change in changes { digests.insert(try await Self.digest(factory, change)) }
    #expect(digests.count == changes.count)
  }

  /// By an FNV-1a written in Python.
  @Test func `hashes a source the same on every machine`() {
    let title = CatalogTitle(
      id: "tm1",
      name: "Ä",
      type: .movie,
      releaseYear: 1999,
      genres: ["drama"],
      imdbScore: 7.5,
      emotions: [TitleEmotion(name: "joy", intensity: 1)],
      annotatedBy: "x"
    )
    #expect(title.sourceHash(space: "s") == 0xed79_db1d_d6d6_919b)
    var annotated = title
    annotated.emotions = []
    annotated.emojis = ["😭"]
    annotated.annotatedBy = "y"
    #expect(
      annotated.sourceHash(space: "s")
        == title.sourceHash(space: "s")
    )
    #expect(
      title.sourceHash(space: "t")
        != title.sourceHash(space: "s")
    )
    #expect(StableHash().hex == "cbf29ce484222325")
  }
}
