import CatalogStore
import Contracts
import RPC
import SwiftProtobuf
import Synchronization
import Testing

@testable import RecommendationGateway

@Suite struct `A call's turn in the gateway` {
  /// Counts how often a call gave its turn back.
  private final class Pauses: CallCounter {
    private let state = Mutex((count: 0, open: 0))

    func leave(atWork: Duration, _ end: CallEnd) {}

    func pause() -> Bool {
      self.state.withLock { state in
        state.count += 1
        state.open += 1
      }
      return true
    }

    func resume() { self.state.withLock { $0.open -= 1 } }

    var count: Int { self.state.withLock { $0.count } }
    var open: Int { self.state.withLock { $0.open } }

    func during<Value: Sendable>(_ work: () async throws -> Value) async throws -> Value {
      var scope = CallScope()
      let turn = CallTurn()
      turn.begin(self)
      scope.turn = turn
      return try await CallScope.$current.withValue(scope) { try await work() }
    }
  }

  @Test(arguments: [
    ("openai", [], true), ("local", [], false), ("local", ["openai"], true), ("", [], true),
  ])
  func `is given back where models are elsewhere`(
    provider: String,
    failed: [String],
    areElsewhere: Bool
  ) {
    let models = ModelsBehind()
    #expect(models.areElsewhere)
    models.learn(
      from: .with { $0.provider = provider },
      failed.map { name in .with { $0.from = name } }
    )
    #expect(models.areElsewhere == areElsewhere)
  }

  @Test func `is given back to wait for a model elsewhere, and kept for one of its service`()
    async throws
  {
    try await ToyGateway.with { gateway in
      let emotions = gateway.recommender.emotions
      var counts: [Int] = []
      for provider in ["openai", "local", "openai", "local"] {
        gateway.services.state.withLock { $0.provider = provider }
        let pauses = Pauses()
        _ = try await pauses.during { try await emotions.reading(of: "joy \(counts.count)") }
        #expect(pauses.open == 0)
        counts.append(pauses.count)
      }
      // Each call goes by what the one before has learnt.
      #expect(counts == [1, 1, 0, 1])
    }
  }

  @Test func `is given back to wait for an equal call`() async throws {
    try await ToyGateway.with { gateway in
      gateway.services.state.withLock { state in
        state.provider = "local"
        state.extractDelay = .seconds(2)
      }
      // Learns that the models are those of the services.
      _ = try await gateway.recommender.emotions.reading(of: "sadness")
      _ = try await gateway.recommender.embeddings.vectors(of: ["sadness"])
      let request = Netflixgpt_Recommendation_V1_RecommendRequest.with { $0.mood = "love" }
      let snapshot = try await gateway.store.snapshot()
      let plan = try RecommendPlan(request, genres: snapshot.genres)
      let (leads, follows) = (Pauses(), Pauses())
      async let first = leads.during {
        try await gateway.recommender.recommend(plan, in: snapshot).response
      }
      try await Task.sleep(for: .milliseconds(500))
      _ = try await follows.during {
        try await gateway.recommender.recommend(plan, in: snapshot).response
      }
      _ = try await first
      #expect((leads.count, follows.count) == (0, 1))
    }
  }
}
