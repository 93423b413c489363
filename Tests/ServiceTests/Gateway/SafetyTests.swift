import Contracts
import RPC
import Safety
import SwiftProtobuf
import Synchronization
import Testing

@testable import RecommendationGateway

@Suite struct SafetyTests {
  private static let catalog = """
    \(ToyGateway.header)
    a1,Alpha,MOVIE,joy and love,1999,PG,90,['comedy'],,7.5
    a2,Beta,MOVIE,fear and anger and hope,2005,R,120,['horror'],,8.1
    a3,Gamma,MOVIE,hope after a suicide in the family,2011,R,45,['drama'],,6.0
    a4,Delta,MOVIE,hope and comfort,2020,,100,['drama'],,

    """

  @Test func `a crisis is answered with help and gentle titles only`() async throws {
    try await ToyGateway.with(Self.catalog) { gateway in
      let answer = try await gateway.recommend("I want to die, full of fear and anger")
      #expect(answer.safety.level == .crisis)
      #expect(answer.safety.action == .softened)
      #expect(answer.safety.resources.contains { $0.region == "US" })
      #expect(answer.safety.resources.last?.region.isEmpty == true)
      #expect(answer.recommendations.map(\.title.id) == ["a4", "a1"])
      #expect(answer.sought.first?.name == "hope")
      #expect(answer.emotions.map(\.name) == ["fear", "anger"])
    }
  }

  @Test func `titles are withheld when the operator says so`() async throws {
    try await ToyGateway.with(Self.catalog, safety: .withhold) { gateway in
      let answer = try await gateway.recommend("I want to die, full of fear")
      #expect(answer.safety.level == .crisis)
      #expect(answer.safety.action == .withheld)
      #expect(answer.recommendations.isEmpty)
    }
  }

  @Test func `annotating changes no title`() async throws {
    try await ToyGateway.with(Self.catalog, safety: .annotate) { gateway in
      let answer = try await gateway.recommend("I want to die, full of fear and anger")
      #expect(answer.safety.level == .crisis)
      #expect(answer.safety.action == .unspecified)
      #expect(answer.recommendations.first?.title.id == "a2")
    }
  }

  @Test func `a figure of speech is answered like any mood, in words that programs can read`()
    async throws
  {
    try await ToyGateway.with(Self.catalog) { gateway in
      let answer = try await gateway.recommend("this exam is killing me, all fear and anger")
      #expect(answer.hasSafety)
      #expect(answer.safety.level == .none)
      #expect(answer.safety.resources.isEmpty)
      #expect(answer.recommendations.first?.title.id == "a2")
    }
  }

  @Test func `a crisis is seen while the emotion service is down`() async throws {
    try await ToyGateway.with(Self.catalog) { gateway in
      gateway.services.state.withLock { $0.isEmotionDown = true }
      let answer = try await gateway.recommend("I want to die, fear")
      #expect(answer.safety.level == .crisis)
      #expect(answer.degraded.map(\.stage) == ["extract"])
    }
  }

  @Test func `help is named when no title can be found`() async throws {
    try await ToyGateway.with(Self.catalog) { gateway in
      gateway.services.state.withLock { $0.isEmbeddingDown = true }
      let answer = try await gateway.recommend("I want to die")
      #expect(answer.safety.level == .crisis)
      #expect(!answer.safety.resources.isEmpty)
      #expect(answer.recommendations.isEmpty)
      #expect(answer.degraded.map(\.from) == ["embedding-service"])
      #expect(answer.degraded.map(\.to) == ["help-alone"])
      #expect(answer.safety.resources.first?.region == "US")
      let german = try await gateway.recommend("ich will nicht mehr leben")
      #expect(german.safety.resources.first?.region == "DE")
    }
  }

  @Test(arguments: [
    (ToyGateway.Place.nowhere, "STORE_UNAVAILABLE"), (.file, "CATALOG_EMPTY"),
  ])
  func `help is named without a catalog`(place: ToyGateway.Place, reason: String) async throws {
    try await ToyGateway.with("", at: place) { gateway in
      let answer = try await gateway.recommend("I want to die")
      #expect(answer.safety.level == .crisis)
      #expect(!answer.safety.resources.isEmpty)
      #expect(answer.degraded.map(\.from) == ["catalog"])
      #expect(answer.degraded.map(\.reason) == [reason])
      let error = await #expect(throws: RPCError.self) { try await gateway.recommend("joy") }
      #expect(error?.reason == reason)
    }
  }

  @Test func `help is named in a batch without a catalog`() async throws {
    try await ToyGateway.with("") { gateway in
      func answers(
        _ moods: [String]
      ) async throws -> [Netflixgpt_Recommendation_V1_BatchRecommendResult] {
        try await gateway.client.call(
          RecommendationMethods.batchRecommend,
          .with { $0.requests = moods.map { mood in .with { $0.mood = mood } } }
        ).results
      }
      let results = try await answers(["joy", "I want to die", ""])
      try #require(results.count == 3)
      #expect(results[0].failure.reason == "CATALOG_EMPTY")
      #expect(results[1].response.safety.level == .crisis)
      #expect(results[2].failure.field == "requests[2].mood")
      await #expect(throws: RPCError.self) { try await answers(["joy", "fear"]) }
    }
  }

  @Test(arguments: ["DOWN", "EMBEDDING_SPACE_MISMATCH"])
  func `help is named when only the emotion service saw the crisis`(reason: String) async throws {
    try await ToyGateway.with(Self.catalog) { gateway in
      gateway.services.state.withLock { state in
        state.safety = .crisis
        if reason == "DOWN" { state.isEmbeddingDown = true } else { state.space = "other/8" }
      }
      let answer = try await gateway.recommend("fear of tonight")
      #expect(answer.safety.level == .crisis)
      #expect(!answer.safety.resources.isEmpty)
      #expect(answer.degraded.map(\.from) == ["embedding-service"])
      #expect(answer.degraded.map(\.to) == ["help-alone"])
    }
  }

  @Test(arguments: ["emotion-service", "embedding-service", "catalog"])
  func `help is named before the caller's time is over`(slow: String) async throws {
    let place = slow == "catalog" ? ToyGateway.Place.nowhere : .file
    try await ToyGateway.with(slow == "catalog" ? "" : Self.catalog, at: place) { gateway in
      gateway.services.state.withLock { state in
        state.safety = .crisis
        if slow == "emotion-service" { state.extractDelay = .seconds(9) }
        if slow == "embedding-service" { state.embedDelay = .seconds(9) }
      }
      let answer = try await gateway.client.call(
        RecommendationMethods.recommend,
        // Where it answers, the emotion service alone sees the crisis.
        .with { $0.mood = slow == "embedding-service" ? "fear of tonight" : "I want to die" },
        timeout: .seconds(5)
      )
      #expect(answer.safety.level == .crisis)
      // A machine that is busy may not get to name the part in time.
      #expect(["catalog", slow].contains(answer.degraded.first?.from))
      #expect(answer.degraded.map(\.to) == ["help-alone"])
    }
  }

  @Test func `what the emotion service saw counts even where no phrase is known`() async throws {
    try await ToyGateway.with(Self.catalog) { gateway in
      gateway.services.state.withLock { $0.safety = .crisis }
      let answer = try await gateway.recommend("fear")
      #expect(answer.safety.level == .crisis)
    }
  }

  @Test(arguments: ["[]", "{}", "[{\"name\":\"\"}]", "nonsense"])
  func `a file of help that can't be used is refused`(json: String) {
    #expect(throws: HelpResources.InvalidFile.self) { try HelpResources(json: Array(json.utf8)) }
  }

  @Test(arguments: ["pt", "PT", "pt-BR", "pt-PT"])
  func `help is found by the language of its tag`(tag: String) throws {
    let json = """
      [{"name":"a","contact":"","url":"","region":"","languages":["\(tag)"]}]
      """
    let help = try HelpResources(json: Array(json.utf8))
    #expect(help.resources(for: "pt").map(\.name) == ["a"])
    #expect(help.resources(for: "pt-BR").map(\.name) == ["a"])
    #expect(help.resources(for: "en").isEmpty)
  }
}
