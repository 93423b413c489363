import CatalogStore
import Testing

@Suite struct `Filters` {
  private static let titles = [
    CatalogTitle(
      id: "a",
      name: "A",
      type: .movie,
      releaseYear: 1999,
      ageRating: "PG-13",
      runtimeMinutes: 90,
      genres: ["drama", "crime"],
      imdbScore: 7,
      tmdbScore: 2
    ),
    CatalogTitle(
      id: "b",
      name: "B",
      type: .show,
      releaseYear: 2000,
      ageRating: "TV-MA",
      runtimeMinutes: 91,
      genres: ["Drama", "comedy"],
      tmdbScore: 7.1
    ),
    CatalogTitle(
      id: "c",
      name: "C",
      type: .movie,
      releaseYear: 2001,
      ageRating: "G",
      runtimeMinutes: 1,
      genres: ["comedy"],
      imdbScore: 0
    ),
    CatalogTitle(id: "d", name: "D", type: .show, ageRating: "NR"),
    CatalogTitle(id: "e", name: "E", type: .movie),
  ]

  @Test(arguments: [
    (TitleFilter(), "abcde"),
    (TitleFilter(types: [.movie]), "ace"),
    (TitleFilter(types: [.show]), "bd"),
    (TitleFilter(types: [.show, .movie]), "abcde"),
    (TitleFilter(genresAny: ["crime"]), "a"),
    (TitleFilter(genresAny: ["crime", "comedy"]), "abc"),
    (TitleFilter(genresAny: ["DRAMA"]), "ab"),
    (TitleFilter(genresAny: ["western"]), ""),
    (TitleFilter(genresAny: ["western", "crime"]), "a"),
    (TitleFilter(genresAll: ["drama"]), "ab"),
    (TitleFilter(genresAll: ["drama", "comedy"]), "b"),
    (TitleFilter(genresAll: ["drama", "western"]), ""),
    (TitleFilter(genresNone: ["drama"]), "cde"),
    (TitleFilter(genresNone: ["Comedy", "crime"]), "de"),
    (TitleFilter(genresNone: ["western"]), "abcde"),
    (TitleFilter(genresAny: ["drama"], genresNone: ["crime"]), "b"),
    (TitleFilter(minYear: 2000), "bc"),
    (TitleFilter(maxYear: 2000), "ab"),
    (TitleFilter(minYear: 2000, maxYear: 2000), "b"),
    (TitleFilter(minYear: 2001, maxYear: 1999), ""),
    (TitleFilter(minYear: .min, maxYear: .max), "abc"),
    (TitleFilter(maxAgeRating: AgeRating("G")), "c"),
    (TitleFilter(maxAgeRating: AgeRating("PG")), "c"),
    (TitleFilter(maxAgeRating: AgeRating("PG-13")), "ac"),
    (TitleFilter(maxAgeRating: AgeRating("TV-14")), "ac"),
    (TitleFilter(maxAgeRating: AgeRating("R")), "abc"),
    (TitleFilter(maxAgeRating: AgeRating("NC-17")), "abc"),
    (TitleFilter(maxAgeRating: AgeRating("G"), includeUnrated: true), "cde"),
    (TitleFilter(includeUnrated: false), "abc"),
    (TitleFilter(includeUnrated: true), "abcde"),
    (TitleFilter(minRuntime: 90), "ab"),
    (TitleFilter(maxRuntime: 90), "ac"),
    (TitleFilter(minRuntime: 1, maxRuntime: 1), "c"),
    (TitleFilter(minScore: 0), "abc"),
    (TitleFilter(minScore: 7), "ab"),
    (TitleFilter(minScore: 7.05), "b"),
    (TitleFilter(excludedIDs: ["a", "e", "x"]), "bcd"),
    (TitleFilter(types: [.movie], genresAny: ["comedy", "drama"], minScore: 5), "a"),
  ])
  func `only titles that meet every condition are candidates`(
    filter: TitleFilter,
    expected: String
  ) async throws {
    try await StoreFactory.sqlite.withStore { store in
      try await SampleCatalog(titles: Self.titles).write(to: store)
      let snapshot = try await store.snapshot()
      let ranking = try snapshot.rank(RankingQuery(emotions: [], filter: filter, limit: 9))
      #expect(ranking.titles.map(\.id).joined() == expected)
      #expect(ranking.candidates == expected.count)
    }
  }

  @Test func `more than 64 genres are told apart`() async throws {
    let titles = (0..<200).map { number in
      CatalogTitle(
        id: "\(1000 + number)",
        name: "T",
        type: .movie,
        genres: ["genre \(number)", "genre \((number + 100) % 200)"]
      )
    }
    try await StoreFactory.sqlite.withStore { store in
      try await SampleCatalog(titles: titles).write(to: store)
      let snapshot = try await store.snapshot()
      #expect(snapshot.genres.count == 200)
      #expect(snapshot.genres == snapshot.genres.sorted())
      for number in 0..<100 {
        let both = ["genre \(number)", "genre \(number + 100)"]
        let ids = ["\(1000 + number)", "\(1100 + number)"]
        for filter in [
          TitleFilter(genresAny: [both[0]]), TitleFilter(genresAll: both),
          TitleFilter(genresNone: snapshot.genres.filter { genre in !both.contains(genre) }),
        ] {
          let ranking = try snapshot.rank(RankingQuery(emotions: [], filter: filter, limit: 9))
          #expect(ranking.titles.map(\.id) == ids)
        }
      }
    }
  }

  @Test func `age ratings are ordered by the age they ask for`() throws {
    let ranks = try AgeRating.names.map { name in try #require(AgeRating(name)).rank }
    #expect(ranks == [0, 0, 0, 1, 2, 2, 3, 4, 5, 5, 6])
    #expect(try #require(AgeRating("PG-13")) < #require(AgeRating("TV-14")))
    for unknown in ["", "pg", "PG ", "NR", "18", "TV-Y8"] { #expect(AgeRating(unknown) == nil) }
  }
}
