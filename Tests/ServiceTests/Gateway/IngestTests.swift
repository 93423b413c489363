import CatalogStore
import Contracts
import RPC
import Synchronization
import Testing

@testable import RecommendationGateway

@Suite struct `Ingesting` {
  @Test func `the same file twice changes nothing`() async throws {
    try await ToyGateway.with("") { gateway in
      let first = try await gateway.ingest(ToyGateway.catalog)
      let digest = try await gateway.store.digest()
      let version = try await gateway.store.snapshot().version
      let second = try await gateway.ingest(ToyGateway.catalog)
      #expect((first.stored, first.unchanged) == (6, 0))
      #expect((second.stored, second.unchanged) == (0, 6))
      #expect(try await gateway.store.digest() == digest)
      #expect(try await gateway.store.snapshot().version == version)
    }
  }

  @Test func `a changed row is stored again and a title without an answer is named`() async throws {
    try await ToyGateway.with { gateway in
      let changed = ToyGateway.catalog
        .replacing("calm comfort", with: "calm and joy")
        .replacing("fear and anger", with: "nothing felt")
      let outcome = try await gateway.ingest(changed)
      #expect((outcome.stored, outcome.unchanged) == (1, 4))
      #expect(outcome.failures.map(\.id) == ["a3"])
      let titles = try await gateway.store.titles(["a5"])
      #expect(titles.first?.emotions.map(\.name) == ["calm", "joy"])
    }
  }

  @Test func `a title is put to the emotion service within its limits`() {
    let title = CatalogTitle(
      id: "1",
      name: String(repeating: "n", count: 501),
      type: .movie,
      description: String(repeating: "d", count: 5001),
      genres: Array(repeating: String(repeating: "g", count: 101), count: 33)
    )
    let text = title.titleText
    #expect(text.name.count == 500)
    #expect(text.description_p.count == 5000)
    #expect(text.genres == Array(repeating: String(repeating: "g", count: 100), count: 32))
  }

  @Test func `a title that the store can't hold is named, and the others are stored`() async throws
  {
    let long = "joy" + String(repeating: " x", count: 34_000)
    let csv = ToyGateway.header + "\nhuge,A,MOVIE,\(long),,,,[],,\nfine,B,MOVIE,joy,,,,[],,"
    try await ToyGateway.with("", at: .limitedFile) { gateway in
      let outcome = try await gateway.ingest(csv)
      #expect(outcome.stored == 1)
      #expect(outcome.failures.map(\.id) == ["huge"])
      #expect(outcome.failures.first?.reason.contains("65535") == true)
    }
  }

  @Test func `a run cut off half way ends in the same catalog as one that was not`() async throws {
    let rows = (100..<300).map { "t\($0),T\($0),MOVIE,\(ToyServices.feelings[$0 % 8]),,,,[],," }
    let whole = ([ToyGateway.header] + rows).joined(separator: "\n")
    let half = ([ToyGateway.header] + rows.shuffled().prefix(77)).joined(separator: "\n")
    try await ToyGateway.with(whole) { uninterrupted in
      try await ToyGateway.with(half) { interrupted in
        let outcome = try await interrupted.ingest(whole)
        #expect((outcome.stored, outcome.unchanged) == (123, 77))
        #expect(try await interrupted.store.digest() == uninterrupted.store.digest())
      }
    }
  }

  @Test func `what a fallback annotated is counted, and annotated again by the next run`()
    async throws
  {
    try await ToyGateway.with("") { gateway in
      gateway.services.state.withLock { $0.isAnnotationDegraded = true }
      let first = try await gateway.ingest(ToyGateway.catalog)
      #expect(first.stored == 6)
      #expect(first.fallbacks == ["toy instead of better (RATE_LIMITED)": 6])
      gateway.services.state.withLock { $0.isAnnotationDegraded = false }
      let second = try await gateway.ingest(ToyGateway.catalog)
      #expect((second.stored, second.unchanged) == (6, 0))
      #expect(second.fallbacks.isEmpty)
      #expect(try await gateway.ingest(ToyGateway.catalog).unchanged == 6)
    }
  }

  @Test func `another embedding space is refused until the catalog is reindexed`() async throws {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { $0.space = "other/8" }
      await #expect(throws: RPCError.self) { try await gateway.ingest(ToyGateway.catalog) }
      let reindexer = Reindexer(
        embeddings: gateway.recommender.embeddings,
        store: gateway.store
      )
      let moved = try await reindexer.run { _, _ in }
      #expect(moved == 6)
      #expect(try await gateway.store.snapshot().space == "other/8")
      #expect(try await gateway.recommend("a joy").recommendations.first?.title.id == "a1")
      #expect(try await gateway.ingest(ToyGateway.catalog).unchanged == 6)
      let again = try await reindexer.run { _, _ in }
      #expect(again == 0)
    }
  }

  @Test func `a sample is the same for the same seed and another for another`() throws {
    let ids = (0..<500).map { "t\($0)" }
    func lots(_ seed: UInt64) -> [UInt64] { ids.map { stableHash($0, seed: seed) } }
    #expect(lots(7) == lots(7))
    #expect(lots(7) != lots(8))
    #expect(Set(lots(7)).count == 500)
  }
}
