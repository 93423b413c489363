import CatalogStore
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

  @Test func `a sample is the same for the same seed and another for another`() throws {
    let ids = (0..<500).map { "t\($0)" }
    func lots(_ seed: UInt64) -> [UInt64] { ids.map { stableHash($0, seed: seed) } }
    #expect(lots(7) == lots(7))
    #expect(lots(7) != lots(8))
    #expect(Set(lots(7)).count == 500)
  }
}
