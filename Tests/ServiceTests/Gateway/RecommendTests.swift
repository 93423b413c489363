import Contracts
import RPC
import SwiftProtobuf
import Synchronization
import Testing

@testable import RecommendationGateway

@Suite struct `Recommend` {
  @Test func `the titles that feel like the mood come first`() async throws {
    try await ToyGateway.with { gateway in
      let answer = try await gateway.recommend("sadness")
      #expect(answer.emotions.map(\.name) == ["sadness"])
      #expect(answer.recommendations.count == 6)
      #expect(Set(answer.recommendations.prefix(2).map(\.title.id)) == ["a2", "a6"])
      #expect(answer.candidates == 6)
      #expect(answer.exact)
      #expect(answer.degraded.isEmpty)
    }
  }

  @Test func `the parts of an explanation add up to the score and the weights to one`() async throws
  {
    try await ToyGateway.with { gateway in
      for recommendation in try await gateway.recommend("sadness, fear and hope").recommendations {
        let explanation = recommendation.explanation
        let parts = explanation.emotions.map(\.contribution) + [explanation.content.contribution]
        let weights = explanation.emotions.map(\.weight) + [explanation.content.weight]
        #expect(abs(parts.reduce(0, +) - recommendation.score) < 1e-9)
        #expect(abs(weights.reduce(0, +) - 1) < 1e-9)
        #expect(explanation.emotions.map(\.yourEmotion) == ["sadness", "fear", "hope"])
      }
    }
  }

  @Test func `the less surely a mood was read, the more its text counts`() async throws {
    try await ToyGateway.with { gateway in
      var weights: [Double] = []
      for (place, confidence) in [1, 0.6, 0.2, 0].enumerated() {
        gateway.services.state.withLock { $0.confidence = confidence }
        let answer = try await gateway.recommend("hope, take \(place)")
        weights.append(try #require(answer.recommendations.first).explanation.content.weight)
      }
      #expect(weights[0] < weights[1] && weights[1] < weights[2])
      #expect(abs(weights[2] - 0.8) < 1e-9)
      #expect(weights[3] == weights[2])
    }
  }

  @Test func `a text that should not count counts in no doubt either`() {
    #expect(Recommender.contentWeight(0, confidence: 0) == 0)
    #expect(Recommender.contentWeight(0.9, confidence: 0) == 0.9)
    #expect(Recommender.contentWeight(0.4, confidence: 1) == 0.4)
    #expect(Recommender.contentWeight(0.4, confidence: -3) == 0.8)
    #expect(Recommender.contentWeight(0.4, confidence: .nan) == 0.4)
  }

  @Test func `equal scores are ordered by id, every time`() async throws {
    let csv = ToyGateway.header + (1...9).map { "\nt\($0),T\($0),MOVIE,joy,,,,[],," }.joined()
    try await ToyGateway.with(csv) { gateway in
      let ids = try await gateway.recommend("joy").recommendations.map(\.title.id)
      #expect(ids == (1...9).map { "t\($0)" })
    }
  }

  @Test func `lifting looks for what eases the mood and not for the mood`() async throws {
    try await ToyGateway.with { gateway in
      let answer = try await gateway.recommend("sadness") { $0.goal = .lift }
      #expect(answer.emotions.map(\.name) == ["sadness"])
      #expect(answer.sought.map(\.name) == ["hope", "comfort", "joy"])
      #expect(answer.recommendations.first?.title.id == "a4")
      let happy = try await gateway.recommend("joy") { $0.goal = .lift }
      #expect(happy.sought.map(\.name) == ["joy"])
    }
  }

  @Test func `a seed selects among the best, the same ones each time`() async throws {
    let csv = ToyGateway.header + (10...39).map { "\nt\($0),T\($0),MOVIE,joy,,,,[],," }.joined()
    try await ToyGateway.with(csv) { gateway in
      func ids(_ seed: UInt32) async throws -> [String] {
        try await gateway.recommend("joy") {
          $0.limit = 5
          $0.seed = seed
        }.recommendations.map(\.title.id)
      }
      let best = Set((10...24).map { "t\($0)" })
      var selections: Set<[String]> = []
      for seed in UInt32(0)..<8 {
        let selection = try await ids(seed)
        #expect(selection.count == 5)
        #expect(best.isSuperset(of: selection))
        #expect(try await ids(seed) == selection)
        selections.insert(selection)
      }
      #expect(selections.count > 1)
    }
  }

  @Test func `an answer is remembered and says so`() async throws {
    try await ToyGateway.with { gateway in
      let first = try await gateway.recommend("joy at last")
      let second = try await gateway.recommend("joy at last")
      #expect(gateway.services.state.withLock { $0.extractCalls } == 1)
      #expect(first.recommendations == second.recommendations)
      #expect(!first.usage.contains { $0.cached })
      #expect(second.usage.allSatisfy { $0.cached })
    }
  }

  @Test func `equal requests at the same time are computed once`() async throws {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { $0.extractDelay = .milliseconds(50) }
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<50 {
          group.addTask { try await gateway.recommend("love").recommendations.count }
        }
        for try await count in group { #expect(count == 6) }
      }
      #expect(gateway.services.state.withLock { $0.extractCalls } == 1)
    }
  }

  @Test func `without the emotion service the nearest emotions stand in and are named`()
    async throws
  {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { $0.isEmotionDown = true }
      let answer = try await gateway.recommend("sadness")
      #expect(answer.emotions.map(\.name) == ["sadness"])
      #expect(answer.degraded.map(\.from) == ["emotion-service"])
      #expect(answer.degraded.map(\.to) == ["nearest-emotions"])
      #expect(answer.degraded.map(\.reason) == ["DOWN"])
      gateway.services.state.withLock { $0.isEmotionDown = false }
      #expect(try await gateway.recommend("sadness").degraded.isEmpty)
    }
  }

  @Test func `without the embedding service the error is unavailable`() async throws {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { $0.isEmbeddingDown = true }
      let error = await #expect(throws: RPCError.self) {
        try await gateway.recommend("fear of heights")
      }
      #expect(error?.code == .unavailable)
    }
  }

  @Test func `another embedding space is refused with what to do`() async throws {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { $0.space = "other/8" }
      let error = await #expect(throws: RPCError.self) { try await gateway.recommend("a joy") }
      #expect(error?.code == .failedPrecondition)
      #expect(error?.message.contains("toy/8") == true)
      #expect(error?.message.contains("other/8") == true)
    }
  }

  @Test func `an empty catalog is a failed precondition`() async throws {
    try await ToyGateway.with("") { gateway in
      let error = await #expect(throws: RPCError.self) { try await gateway.recommend("joy") }
      #expect(error?.code == .failedPrecondition)
    }
  }

  @Test func `an emotion of the catalog is not embedded again`() async throws {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { $0.embeddedTexts = [] }
      _ = try await gateway.recommend("so much anger")
      #expect(gateway.services.state.withLock { $0.embeddedTexts } == ["so much anger"])
    }
  }

  @Test func `lists of the same letters are different requests`() async throws {
    let csv = ToyGateway.header + "\n\"x,y\",A,MOVIE,joy,,,,[],,\nx,B,MOVIE,joy,,,,[],,"
    try await ToyGateway.with(csv) { gateway in
      let one = try await gateway.recommend("joy") { $0.filter.excludeIds = ["x,y"] }
      let two = try await gateway.recommend("joy") { $0.filter.excludeIds = ["x", "y"] }
      #expect(one.recommendations.map(\.title.id) == ["x"])
      #expect(two.recommendations.map(\.title.id) == ["x,y"])
    }
  }

  @Test func `a selection by a seed is not called exact`() async throws {
    let csv = ToyGateway.header + (10...39).map { "\nt\($0),T\($0),MOVIE,joy,,,,[],," }.joined()
    try await ToyGateway.with(csv) { gateway in
      let answer = try await gateway.recommend("joy") {
        $0.limit = 5
        $0.seed = 1
      }
      #expect(!answer.exact)
    }
  }

  @Test func `a caller in a hurry does not fail one with time who asked the same`() async throws {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { $0.extractDelay = .milliseconds(400) }
      let request = Netflixgpt_Recommendation_V1_RecommendRequest.with { $0.mood = "calm at sea" }
      async let hurried = Result {
        try await gateway.client.call(
          RecommendationMethods.recommend,
          request,
          timeout: .milliseconds(150)
        )
      }
      try await Task.sleep(for: .milliseconds(50))
      let patient = try await gateway.client.call(RecommendationMethods.recommend, request)
      #expect(patient.recommendations.count == 6)
      let outcome = await hurried
      let error = #expect(throws: RPCError.self) { try outcome.get() }
      #expect(error?.code == .deadlineExceeded)
    }
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
