import CatalogStore
import Contracts
import RPC
import SwiftProtobuf
import Synchronization
import Testing

@testable import RecommendationGateway

@Suite struct `Changing the catalog by calls` {
  private typealias Title = Netflixgpt_Catalog_V1_Title

  private func title(_ id: String, _ change: (inout Title) -> Void = { _ in }) -> Title {
    .with {
      $0.id = id
      $0.name = "Title \(id)"
      $0.type = .movie
      $0.description_p = "full of joy"
      change(&$0)
    }
  }

  private func upsert(
    _ gateway: ToyGateway,
    _ titles: [Title]
  ) async throws -> Netflixgpt_Catalog_V1_UpsertTitlesResponse {
    try await gateway.client.call(CatalogMethods.upsertTitles, .with { $0.titles = titles })
  }

  @Test func `adds a title that the next recommendation sees`() async throws {
    try await ToyGateway.with { gateway in
      let before = try await gateway.recommend("anger") { $0.limit = 1 }
      let answer = try await self.upsert(
        gateway,
        [
          self.title("new") {
            $0.emotions = [
              .with {
                $0.name = "anger"; $0.intensity = 1
              }
            ]
            $0.description_p = "anger"
          }
        ]
      )
      #expect(answer.results.map(\.id) == ["new"])
      #expect(answer.results.map(\.change) == [.added])
      #expect(answer.catalogVersion != before.catalogVersion)
      let after = try await gateway.recommend("anger") { $0.limit = 1 }
      #expect(after.recommendations.map(\.title.id) == ["new"])
      #expect(after.recommendations.map(\.title.annotatedBy) == ["caller"])
      #expect(after.catalogVersion == answer.catalogVersion)
    }
  }

  @Test func `asks the emotion service about a title without emotions`() async throws {
    try await ToyGateway.with { gateway in
      let answer = try await self.upsert(gateway, [self.title("a1")])
      #expect(answer.results.map(\.change) == [.replaced])
      let stored = try await gateway.store.titles(["a1"]).first
      #expect(stored?.name == "Title a1")
      #expect(stored?.emotions.map(\.name) == ["joy"])
      #expect(stored?.annotatedBy == "toy/")
    }
  }

  @Test func `builds a catalog from nothing`() async throws {
    try await ToyGateway.with("") { gateway in
      let titles = (0..<100).map { self.title("t\($0)") }
      let results = try await self.upsert(gateway, titles).results
      #expect(results.map(\.change) == Array(repeating: .added, count: 100))
      #expect(try await gateway.store.snapshot().count == 100)
    }
  }

  @Test func `tells of each title that is not stored, and why`() async throws {
    try await ToyGateway.with { gateway in
      let answer = try await self.upsert(
        gateway,
        [
          self.title("good"),
          self.title("dull") { $0.description_p = "nothing to feel" },
          self.title("old") { $0.releaseYear = 1869 },
          self.title("odd") {
            $0.emotions = [
              .with {
                $0.name = "joy"; $0.intensity = 1.5
              }
            ]
          },
          self.title("untyped") { $0.type = .unspecified },
        ]
      )
      #expect(answer.results[0].change == .added)
      #expect(answer.results[1].failure.message == "names no feeling")
      #expect(
        answer.results.dropFirst(2).map(\.failure.field) == [
          "titles[2].releaseYear", "titles[3].emotions[0].intensity", "titles[4].type",
        ]
      )
      #expect(answer.results.dropFirst(2).allSatisfy { $0.failure.code == "invalid_argument" })
      let known = try await gateway.store.titles(["good", "dull", "old", "odd", "untyped"])
      #expect(known.map(\.id) == ["good"])
    }
  }

  @Test(arguments: [" ", "\u{200b}", "\u{3000}\u{fe0f}"])
  func `names a text that can't be seen, and stores the other titles`(blank: String) async throws {
    try await ToyGateway.with { gateway in
      let answer = try await self.upsert(
        gateway,
        [
          self.title("good"),
          self.title("unfelt") {
            $0.emotions = [
              .with {
                $0.name = blank; $0.intensity = 1
              }
            ]
          },
          self.title("unnamed") { $0.name = blank },
        ]
      )
      #expect(answer.results[0].change == .added)
      #expect(
        answer.results.dropFirst().map(\.failure.field) == [
          "titles[1].emotions[0].name", "titles[2].name",
        ]
      )
      #expect(answer.results.dropFirst().allSatisfy { $0.failure.reason == "REQUIRED" })
    }
  }

  @Test func `a name that begins out of sight is still seen by the emotion service`() {
    let name = String(repeating: " ", count: 600) + "Alpha"
    #expect(CatalogTitle(id: "a", name: name, type: .movie).titleText.name == "Alpha")
  }

  @Test func `stores the titles beside one that the store can't hold`() async throws {
    try await ToyGateway.with(at: .limitedFile) { gateway in
      let answer = try await self.upsert(
        gateway,
        [
          self.title("good"),
          self.title("huge") {
            // Six bytes each as JSON.
            $0.description_p = "joy" + String(repeating: "\u{1}", count: 19_000)
          },
        ]
      )
      #expect(answer.results[0].change == .added)
      #expect(answer.results[1].failure.code == "invalid_argument")
      #expect(answer.results[1].failure.reason == "STORE_REJECTED")
      #expect(answer.results[1].failure.message.contains("65535"))
      let stored = try await gateway.store.titles(["good", "huge"])
      #expect(stored.map(\.id) == ["good"])
    }
  }

  @Test(arguments: [0, 101])
  func `takes 1 to 100 titles`(count: Int) async throws {
    try await ToyGateway.with { gateway in
      let titles = (0..<count).map { self.title("t\($0)") }
      let error = await #expect(throws: RPCError.self) { try await self.upsert(gateway, titles) }
      #expect(error?.code == .invalidArgument)
      #expect(error?.field == "titles")
    }
  }

  @Test func `wants each title once`() async throws {
    try await ToyGateway.with { gateway in
      let error = await #expect(throws: RPCError.self) {
        try await self.upsert(gateway, [self.title("a"), self.title("a")])
      }
      #expect(error?.field == "titles[1].id")
    }
  }

  @Test func `stores nothing where a service is down`() async throws {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { $0.isEmbeddingDown = true }
      let error = await #expect(throws: RPCError.self) {
        try await self.upsert(gateway, [self.title("new") { $0.description_p = "fresh joy" }])
      }
      #expect(error?.code == .unavailable)
      let stored = try await gateway.store.titles(["new"])
      #expect(stored.isEmpty)
    }
  }

  @Test func `refuses vectors of another space`() async throws {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { $0.space = "other/8" }
      let error = await #expect(throws: RPCError.self) {
        try await self.upsert(gateway, [self.title("new") { $0.description_p = "fresh love" }])
      }
      #expect(error?.code == .failedPrecondition)
    }
  }

  @Test func `removes titles, and tells which were not there`() async throws {
    try await ToyGateway.with { gateway in
      let answer = try await gateway.client.call(
        CatalogMethods.deleteTitles,
        .with { $0.ids = ["a1", "none", "a2"] }
      )
      #expect(answer.deleted == 2)
      #expect(answer.unknownIds == ["none"])
      let after = try await gateway.recommend("joy") { $0.limit = 100 }
      #expect(Set(after.recommendations.map(\.title.id)) == ["a3", "a4", "a5", "a6"])
      #expect(after.catalogVersion == answer.catalogVersion)
    }
  }

  @Test(arguments: ["", "a1\0zzz", String(repeating: "é", count: 257)])
  func `removes nothing where an id can't be one`(id: String) async throws {
    try await ToyGateway.with { gateway in
      let error = await #expect(throws: RPCError.self) {
        try await gateway.client.call(
          CatalogMethods.deleteTitles,
          .with { $0.ids = ["a2", id] }
        )
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.field == "ids[1]")
      let left = try await gateway.store.titles(["a1", "a2"])
      #expect(left.map(\.id) == ["a1", "a2"])
    }
  }

  @Test func `an id has up to 256 characters, however many bytes`() async throws {
    try await ToyGateway.with { gateway in
      let id = String(repeating: "é", count: 256)
      let answer = try await self.upsert(gateway, [self.title(id), self.title(id + "é")])
      #expect(answer.results[0].change == .added)
      #expect(answer.results[1].failure.field == "titles[1].id")
      let deletion = try await gateway.client.call(
        CatalogMethods.deleteTitles,
        .with { $0.ids = [id] }
      )
      #expect(deletion.deleted == 1)
    }
  }

  @Test(arguments: [0, 1001])
  func `removes 1 to 1000 titles`(count: Int) async throws {
    try await ToyGateway.with { gateway in
      let error = await #expect(throws: RPCError.self) {
        try await gateway.client.call(
          CatalogMethods.deleteTitles,
          .with { $0.ids = (0..<count).map(String.init) }
        )
      }
      #expect(error?.field == "ids")
    }
  }
}
