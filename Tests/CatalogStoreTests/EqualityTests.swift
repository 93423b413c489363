import CatalogStore
import SeededRandom
import Testing

@Suite struct `Stores of every kind` {
  /// Everything that a store is asked for, after the same writes.
  private static func answers(
    of factory: StoreFactory,
    after catalog: SampleCatalog
  ) async throws -> (digest: String, rankings: [Ranking], titles: [CatalogTitle]) {
    try await factory.withStore { store in
      var generator = SeededGenerator(seed: 12)
      for start in stride(from: 0, to: catalog.titles.count, by: 90) {
        var part = catalog
        part.titles = Array(catalog.titles[start..<min(start + 90, catalog.titles.count)])
        try await part.write(to: store)
      }
      #expect(try await store.delete((0..<20).map { "t\($0 * 7)" }) == 20)
      let snapshot = try await store.snapshot()
      let rankings = try (0..<40).map { number in
        let filter = TitleFilter(
          genresAny: number.isMultiple(of: 3) ? ["comedy"] : [],
          minYear: number.isMultiple(of: 4) ? 1990 : nil,
          minScore: number.isMultiple(of: 5) ? 5 : nil
        )
        return try snapshot.rank(
          RankingQuery(
            emotions: (0...number % 8).map { index in
              RankingQuery.Emotion(
                name: "sought \(index)",
                vector: griddedVector(16, &generator),
                weight: 0.125
              )
            },
            content: .init(vector: griddedVector(16, &generator), weight: 0.25),
            filter: filter,
            limit: 25
          )
        )
      }
      return (
        try await store.digest(), rankings, try await store.titles(snapshot.ids.reversed())
      )
    }
  }

  /// Equal scores are common among gridded vectors, so the order of ids is compared too.
  @Test(arguments: StoreFactory.all.dropFirst())
  func `give the same answers to the last id`(_ factory: StoreFactory) async throws {
    let catalog = SampleCatalog.gridded(titles: 400, words: 120, dimensions: 16, seed: 4)
    let expected = try await Self.answers(of: .sqlite, after: catalog)
    let given = try await Self.answers(of: factory, after: catalog)
    #expect(given.rankings == expected.rankings)
    #expect(given.titles == expected.titles)
    #expect(given.digest == expected.digest)
  }

  @Test(arguments: StoreFactory.all)
  func `replace a catalog as a whole, unless it has changed since it was read`(
    _ factory: StoreFactory
  ) async throws {
    try await factory.withStore { store in
      let old = SampleCatalog.scattered(titles: 60, words: 30, dimensions: 8, seed: 1)
      try await old.write(to: store)
      let version = try await store.snapshot().version
      _ = try await store.delete(["t3"])
      let present = try await store.snapshot()
      var new = SampleCatalog.scattered(titles: 60, words: 30, dimensions: 12, seed: 2)
      new.space = "another space"
      func replace(version: String) async throws {
        try await store.replace(
          version: version,
          with: new.titles,
          emotionVectors: new.emotionVectors,
          space: new.space
        )
      }
      await #expect(throws: StoreError.rejected("the catalog has changed since it was read")) {
        try await replace(version: version)
      }
      #expect(try await store.snapshot().space == old.space)
      try await replace(version: present.version)
      let replaced = try await store.snapshot()
      #expect(replaced.space == new.space && replaced.dimensions == 12 && replaced.count == 60)
      #expect(present.count == 59)
      #expect(try await store.delete(["t3"]) == 1)
    }
  }
}
