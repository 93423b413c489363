import ArgumentParser
import CatalogStore
import Foundation
import HTTPClient
import MilvusStore

/// What a catalog of any size costs in Milvus and in memory.
@main
struct CatalogCost: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog-cost",
    subcommands: [Fill.self, Change.self, Rank.self]
  )
}

/// The catalog that a command is about.
struct Place: ParsableArguments {
  @Argument(help: "milvus://HOST:PORT[?prefix=NAME], without a password, or sqlite:PATH")
  var url: String

  /// Calls `body` with the store.
  func withStore<R>(_ body: (any TitleStore) async throws -> R) async throws -> R {
    guard let address = MilvusAddress(self.url) else {
      return try await body(try SQLiteCatalogStore(path: String(self.url.dropFirst(7))))
    }
    let client = HTTP2Client(host: address.proxies[0].host, port: address.proxies[0].port)
    let result = try await body(
      MilvusCatalogStore(
        send: client.handler,
        database: address.database,
        prefix: address.prefix
      )
    )
    await client.close()
    return result
  }
}

struct Fill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Puts made-up titles into a catalog that is empty or of their space."
  )
  /// Of one version.
  private static let batch = 20_000

  @OptionGroup var place: Place
  @Argument var count: Int
  @Option(help: "The fingerprint of the embedding space.") var space: String
  @Option(help: "Components of a vector.") var dimensions: Int

  func run() async throws {
    let made = SyntheticTitles(dimensions: self.dimensions)
    let began = ContinuousClock.now
    try await self.place.withStore { store in
      for start in stride(from: 0, to: self.count, by: Self.batch) {
        let titles = (start..<min(start + Self.batch, self.count)).map(made.title)
        try await store.upsert(titles, emotionVectors: made.words, space: self.space)
      }
    }
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    print("\(self.count) titles in \(seconds.rounded1) s, \(Int(Double(self.count) / seconds))/s")
  }
}

struct Change: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Adds one title to a filled catalog and prints when, in seconds since 1970."
  )

  @OptionGroup var place: Place
  @Option(help: "The fingerprint of the embedding space.") var space: String
  @Option(help: "Components of a vector.") var dimensions: Int

  func run() async throws {
    let made = SyntheticTitles(dimensions: self.dimensions)
    try await self.place.withStore { store in
      var title = made.title(0)
      title.title.id = "changed"
      try await store.upsert([title], emotionVectors: made.words, space: self.space)
    }
    print(Date().timeIntervalSince1970)
  }
}

extension Double {
  /// With one digit after the point.
  var rounded1: Double { (self * 10).rounded() / 10 }
  /// With two digits after the point.
  var rounded2: Double { (self * 100).rounded() / 100 }
}
