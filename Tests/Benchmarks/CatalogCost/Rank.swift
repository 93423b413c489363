import ArgumentParser
import CatalogStore
import Foundation
import SeededRandom

struct Rank: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads a catalog into memory and ranks it, with filters and without.",
    discussion: "Prints a JSON object a line: first of reading, then one of each filter."
  )

  private static let rounds = 40

  private struct Reading: Encodable {
    var titles: Int
    var words: Int
    var seconds: Double
    /// Of this process.
    var megabytes: Int
    var peakMegabytes: Int
    /// Of the truly best titles, how many are among the given.
    var recall: Double
  }

  private struct Filtered: Encodable {
    var filter: String
    /// The filter as Milvus would be asked.
    var expression: String
    var passing: Int
    /// Median milliseconds, and those of the same queries without the filter.
    var ranked: Double
    var unfiltered: Double
  }

  @OptionGroup var place: Place

  func run() async throws {
    let began = ContinuousClock.now
    let snapshot = try await self.place.withStore { store in try await store.snapshot() }
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let (megabytes, peak) = Self.memory()
    var random = SeededGenerator(seed: 3)
    let queries = (0..<Self.rounds).map { _ in Self.query(snapshot, &random) }
    try Self.write(
      Reading(
        titles: snapshot.count,
        words: snapshot.words.count,
        seconds: seconds.rounded2,
        megabytes: megabytes,
        peakMegabytes: peak,
        recall: try Self.recall(queries[0], snapshot)
      )
    )
    for (name, filter, expression) in Self.filters {
      var (with, without): ([Double], [Double]) = ([], [])
      var every = RankingQuery(emotions: [], filter: filter, limit: snapshot.count)
      every.emotions = queries[0].emotions
      let passing = try snapshot.rank(every).titles.count
      for query in queries {
        var filtered = query
        filtered.filter = filter
        without.append(try Self.milliseconds { _ = try snapshot.rank(query) })
        with.append(try Self.milliseconds { _ = try snapshot.rank(filtered) })
      }
      try Self.write(
        Filtered(
          filter: name,
          expression: expression,
          passing: passing,
          ranked: with.sorted()[Self.rounds / 2].rounded2,
          unfiltered: without.sorted()[Self.rounds / 2].rounded2
        )
      )
    }
  }

  private static let filters: [(String, TitleFilter, String)] = [
    ("western", TitleFilter(genresAny: ["western"]), #"array_contains(genres, "western")"#),
    ("crime", TitleFilter(genresAny: ["crime"]), #"array_contains(genres, "crime")"#),
    ("drama", TitleFilter(genresAny: ["drama"]), #"array_contains(genres, "drama")"#),
    ("until 1990", TitleFilter(maxYear: 1990), "year >= 0 and year <= 1990"),
    ("from 2000", TitleFilter(minYear: 2000), "year >= 2000"),
    ("up to 30 minutes", TitleFilter(maxRuntime: 30), "runtime >= 0 and runtime <= 30"),
    ("up to 100 minutes", TitleFilter(maxRuntime: 100), "runtime >= 0 and runtime <= 100"),
    ("shows", TitleFilter(types: [.show]), #"type == "show""#),
    ("films", TitleFilter(types: [.movie]), #"type == "movie""#),
    (
      "films from 2000 of crime, up to 100 minutes",
      TitleFilter(types: [.movie], genresAny: ["crime"], minYear: 2000, maxRuntime: 100),
      #"type == "movie" and array_contains(genres, "crime") and year >= 2000"#
        + " and runtime >= 0 and runtime <= 100"
    ),
  ]

  private static func query(
    _ snapshot: CatalogSnapshot,
    _ random: inout SeededGenerator
  ) -> RankingQuery {
    RankingQuery(
      emotions: (0..<4).map { number in
        .init(name: "\(number)", vector: random.vector(snapshot.dimensions), weight: 0.2)
      },
      content: .init(vector: random.vector(snapshot.dimensions), weight: 0.2),
      limit: 20
    )
  }

  /// Scores every title by the definition.
  private static func recall(_ query: RankingQuery, _ snapshot: CatalogSnapshot) throws -> Double {
    let given = try snapshot.rank(query)
    guard given.exact, let content = query.content, let last = given.titles.last else { return 0 }
    let ids = Set(given.titles.map(\.id))
    var missing = 0
    var similarities: [String: [Double]] = [:]
    for id in snapshot.ids where !ids.contains(id) {
      let words = (snapshot.emotions(of: id) ?? []).map { word in
        let known =
          similarities[word.name]
          ?? query.emotions.map { Self.cosine($0.vector, word.vector) }
        similarities[word.name] = known
        return known
      }
      var score = 0.0
      for (index, emotion) in query.emotions.enumerated() {
        score += emotion.weight * (words.map { $0[index] }.max() ?? 0)
      }
      if let vector = snapshot.contentVector(of: id) {
        score += content.weight * Self.cosine(content.vector, vector)
      }
      if score > last.score + 1e-4 { missing += 1 }
    }
    return 1 - Double(missing) / Double(ids.count)
  }

  private static func cosine(_ left: [Float], _ right: [Float]) -> Double {
    var (product, first, second) = (Float(0), Float(0), Float(0))
    for index in left.indices {
      product += left[index] * right[index]
      first += left[index] * left[index]
      second += right[index] * right[index]
    }
    return Double(product) / (Double(first) * Double(second)).squareRoot()
  }

  private static func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body) / .milliseconds(1)
  }

  /// What this process has in memory, and had at most.
  private static func memory() -> (now: Int, most: Int) {
    let lines = ((try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? "")
      .split(separator: "\n")
    func megabytes(_ name: String) -> Int {
      lines.first { $0.hasPrefix(name) }?.split(whereSeparator: { !$0.isNumber }).first
        .flatMap { Int($0) }.map { $0 >> 10 } ?? 0
    }
    return (megabytes("VmRSS:"), megabytes("VmHWM:"))
  }

  private static func write(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}
