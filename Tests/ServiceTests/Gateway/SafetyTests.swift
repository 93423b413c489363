import Contracts
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
}
