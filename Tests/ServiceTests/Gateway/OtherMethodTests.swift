import Contracts
import RPC
import SwiftProtobuf
import Testing

@Suite struct `The other methods` {
  @Test func `a batch answers each item, and one that is wrong fails alone`() async throws {
    try await ToyGateway.with { gateway in
      let answer = try await gateway.client.call(
        RecommendationMethods.batchRecommend,
        .with {
          $0.requests = [
            .with { $0.mood = "joy" },
            .with {
              $0.mood = "fear"
              $0.limit = 101
            },
            .with { $0.mood = "calm" },
          ]
        }
      )
      #expect(answer.results.count == 3)
      #expect(answer.results[0].response.emotions.map(\.name) == ["joy"])
      #expect(answer.results[1].failure.code == "invalid_argument")
      #expect(answer.results[1].failure.field == "requests[1].limit")
      #expect(answer.results[2].response.emotions.map(\.name) == ["calm"])
    }
  }

  @Test(arguments: [0, 33]) func `a batch has 1 to 32 items`(count: Int) async throws {
    try await ToyGateway.with { gateway in
      let request = Netflixgpt_Recommendation_V1_BatchRecommendRequest.with {
        $0.requests = Array(repeating: .with { $0.mood = "joy" }, count: count)
      }
      let error = await #expect(throws: RPCError.self) {
        try await gateway.client.call(RecommendationMethods.batchRecommend, request)
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.field == "requests")
    }
  }

  @Test func `similar titles feel alike and leave out the title itself`() async throws {
    try await ToyGateway.with { gateway in
      let answer = try await gateway.client.call(
        RecommendationMethods.similarTitles,
        .with { $0.id = "a2" }
      )
      #expect(answer.title.name == "Beta")
      #expect(answer.recommendations.count == 5)
      #expect(!answer.recommendations.contains { $0.title.id == "a2" })
      #expect(["a4", "a6"].contains(answer.recommendations.first?.title.id))
    }
  }

  @Test func `a title comes with everything its row said`() async throws {
    try await ToyGateway.with { gateway in
      let title = try await gateway.client.call(
        RecommendationMethods.getTitle,
        .with { $0.id = "a3" }
      ).title
      #expect(title.name == "Gamma")
      #expect(title.type == .show)
      #expect(title.releaseYear == 2011)
      #expect(title.ageRating == "TV-MA")
      #expect(title.runtimeMinutes == 45)
      #expect(title.seasons == 2)
      #expect(title.imdbScore == 6.0)
      #expect(title.genres == ["horror"])
      #expect(title.emotions.map(\.name) == ["fear", "anger"])
      #expect(title.emojis.count == 3)
      #expect(!title.hasTmdbScore)
    }
  }

  @Test(arguments: [
    ("nobody", Code.notFound), ("", .invalidArgument), ("a1\0zzz", .invalidArgument),
    (String(repeating: "é", count: 256), .notFound),
    (String(repeating: "é", count: 257), .invalidArgument),
  ])
  func `an id that names no title is an error`(id: String, code: Code) async throws {
    try await ToyGateway.with { gateway in
      for call in [false, true] {
        let error = await #expect(throws: RPCError.self) {
          if call {
            _ = try await gateway.client.call(
              RecommendationMethods.getTitle,
              .with { $0.id = id }
            )
          } else {
            _ = try await gateway.client.call(
              RecommendationMethods.similarTitles,
              .with { $0.id = id }
            )
          }
        }
        #expect(error?.code == code)
      }
    }
  }

  @Test func `the status counts titles and distinct emotions`() async throws {
    try await ToyGateway.with { gateway in
      let status = try await gateway.client.call(CatalogMethods.getCatalogStatus, .init())
      #expect(status.titles == 6)
      #expect(status.emotions == 8)
      #expect(status.embeddingFingerprint == "toy/8")
      #expect(status.genres == ["comedy", "drama", "family", "horror", "music", "romance"])
      #expect(status.store == "sqlite")
    }
  }

  @Test func `a title that changes is answered as it is now`() async throws {
    try await ToyGateway.with { gateway in
      let before = try await gateway.recommend("calm at last").recommendations
      #expect(before.first { $0.title.id == "a5" }?.title.name == "Epsilon")
      _ = try await gateway.ingest(ToyGateway.catalog.replacing("Epsilon", with: "Omega"))
      let after = try await gateway.recommend("calm at last").recommendations
      #expect(after.first { $0.title.id == "a5" }?.title.name == "Omega")
    }
  }
}
