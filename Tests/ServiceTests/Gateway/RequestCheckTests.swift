import Contracts
import RPC
import SwiftProtobuf
import Testing

@testable import RecommendationGateway

@Suite struct `A request that can't be served` {
  typealias Request = Netflixgpt_Recommendation_V1_RecommendRequest

  struct Case: Sendable, CustomTestStringConvertible {
    let field: String
    let reason: String
    let change: @Sendable (inout Request) -> Void
    var testDescription: String { "\(self.field) \(self.reason)" }

    init(_ field: String, _ reason: String, _ change: @escaping @Sendable (inout Request) -> Void) {
      self.field = field
      self.reason = reason
      self.change = change
    }
  }

  static let cases: [Case] = [
    Case("mood", "REQUIRED") { $0.mood = "" },
    Case("mood", "REQUIRED") { $0.mood = " \n\t\u{a0}" },
    Case("mood", "REQUIRED") { $0.mood = "\u{200B}\u{FE0F}" },
    Case("mood", "TOO_LONG") { $0.mood = String(repeating: "é", count: 2001) },
    Case("mood", "CONTROL_CHARACTER") { $0.mood = "a\u{0}b" },
    Case("mood", "CONTROL_CHARACTER") { $0.mood = "a\u{7f}b" },
    Case("limit", "OUT_OF_RANGE") { $0.limit = 0 },
    Case("limit", "OUT_OF_RANGE") { $0.limit = -1 },
    Case("limit", "OUT_OF_RANGE") { $0.limit = 101 },
    Case("goal", "UNKNOWN_VALUE") { $0.goal = .UNRECOGNIZED(9) },
    Case("filter.types[1]", "UNKNOWN_VALUE") { $0.filter.types = [.movie, .unspecified] },
    Case("filter.genresAny[0]", "UNKNOWN_VALUE") { $0.filter.genresAny = ["cooking"] },
    Case("filter.genresAll[1]", "UNKNOWN_VALUE") { $0.filter.genresAll = ["drama", ""] },
    Case("filter.genresNone", "TOO_MANY") {
      $0.filter.genresNone = Array(repeating: "drama", count: 33)
    },
    Case("filter.minYear", "OUT_OF_RANGE") { $0.filter.minYear = 1869 },
    Case("filter.maxYear", "OUT_OF_RANGE") { $0.filter.maxYear = 2101 },
    Case("filter.maxYear", "OUT_OF_RANGE") {
      $0.filter.minYear = 2000
      $0.filter.maxYear = 1999
    },
    Case("filter.maxAgeRating", "UNKNOWN_VALUE") { $0.filter.maxAgeRating = "PG-12" },
    Case("filter.minRuntimeMinutes", "OUT_OF_RANGE") { $0.filter.minRuntimeMinutes = 0 },
    Case("filter.maxRuntimeMinutes", "OUT_OF_RANGE") { $0.filter.maxRuntimeMinutes = 1001 },
    Case("filter.minScore", "OUT_OF_RANGE") { $0.filter.minScore = 10.1 },
    Case("filter.minScore", "OUT_OF_RANGE") { $0.filter.minScore = .nan },
    Case("filter.excludeIds", "TOO_MANY") {
      $0.filter.excludeIds = Array(repeating: "a1", count: 1001)
    },
  ]

  @Test(arguments: Self.cases)
  func `names its field and the reason`(wrong: Case) async throws {
    try await ToyGateway.with { gateway in
      let error = await #expect(throws: RPCError.self) {
        try await gateway.recommend("joy", wrong.change)
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.field == wrong.field)
      #expect(error?.reason == wrong.reason)
    }
  }

  @Test func `the largest of everything is served`() async throws {
    try await ToyGateway.with { gateway in
      let answer = try await gateway.recommend("joy") {
        $0.mood = "joy " + String(repeating: "é", count: 1996)
        $0.limit = 100
        $0.filter.genresAny = Array(repeating: "comedy", count: 32)
        $0.filter.minYear = 1870
        $0.filter.maxYear = 2100
        $0.filter.minRuntimeMinutes = 1
        $0.filter.maxRuntimeMinutes = 1000
        $0.filter.minScore = 0
        $0.filter.excludeIds = (0..<1000).map { "x\($0)" }
      }
      #expect(answer.recommendations.map(\.title.id) == ["a1"])
    }
  }

  @Test func `a maximum age leaves out unrated titles unless asked for`() async throws {
    try await ToyGateway.with { gateway in
      func ids(_ change: (inout Request) -> Void) async throws -> Set<String> {
        Set(try await gateway.recommend("joy", change).recommendations.map(\.title.id))
      }
      let rated = try await ids { $0.filter.maxAgeRating = "PG" }
      #expect(rated == ["a1", "a5"])
      let unrated = try await ids {
        $0.filter.maxAgeRating = "PG"
        $0.filter.includeUnrated = true
      }
      #expect(unrated == ["a1", "a4", "a5"])
      let all = try await ids { $0.filter.includeUnrated = false }
      #expect(!all.contains("a4"))
    }
  }

  @Test func `a mood keeps the invisible end of its last emoji`() throws {
    let request = Request.with { $0.mood = " \u{2764}\u{FE0F}\n" }
    #expect(try RecommendPlan(request, genres: []).mood == "\u{2764}\u{FE0F}")
  }
}
