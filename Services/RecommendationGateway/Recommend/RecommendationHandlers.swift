import CatalogStore
import Contracts
import RPC
import Safety
import SwiftProtobuf

/// The methods of the recommendation and catalog services.
struct RecommendationHandlers: Sendable {
  let recommender: Recommender

  func register(on server: inout RPCServer) {
    server.register(
      RecommendationMethods.recommend,
      keeping: { request, context in
        let answer = try await self.answer(to: request) { () async throws(RPCError) in
          try await self.snapshot()
        }
        context.responseFields.append("server-timing", answer.timings.header)
        return answer.response
      }
    )
    server.register(
      RecommendationMethods.batchRecommend,
      cost: { min($0.requests.count, Self.maxRequests) },
      handler: { request, _ in try await self.batchRecommend(request) }
    )
    server.register(RecommendationMethods.similarTitles) { request, context in
      let (response, timings) = try await self.similarTitles(request)
      context.responseFields.append("server-timing", timings.header)
      return response
    }
    server.register(RecommendationMethods.getTitle) { request, _ in
      let title = try await self.title(request.id)
      return .with { $0.title = .init(title) }
    }
    server.register(CatalogMethods.getCatalogStatus) { _, _ in
      let snapshot = try await self.snapshot(orEmpty: true)
      return .with {
        $0.titles = Int32(clamping: snapshot.count)
        $0.emotions = Int32(clamping: snapshot.words.count)
        $0.version = snapshot.version
        $0.embeddingFingerprint = snapshot.space
        $0.genres = snapshot.genres
        $0.store = self.recommender.store.kind
      }
    }
  }

  private func snapshot(orEmpty: Bool = false) async throws(RPCError) -> CatalogSnapshot {
    let snapshot: CatalogSnapshot
    do { snapshot = try await self.recommender.store.snapshot(for: .answers) } catch {
      throw RPCError(error)
    }
    guard orEmpty || snapshot.count > 0 else { throw RPCError.emptyCatalog }
    return snapshot
  }

  private func title(_ id: String) async throws -> CatalogTitle {
    try TitleID.check(id, at: "id")
    let titles: [CatalogTitle]
    do { titles = try await self.recommender.store.titles([id], for: .answers) } catch {
      throw RPCError(error)
    }
    guard let title = titles.first else { throw RPCError.unknownTitle(id) }
    return title
  }

  /// Titles for a request, or help alone, also where there is no catalog to look for titles in.
  ///
  /// - Parameters:
  ///   - request: As it came.
  ///   - path: What stands before its fields in a JSON path.
  ///   - catalog: Gives what is searched.
  /// - Returns: The answer, and how long its parts took.
  /// - Throws: `RPCError`.
  private func answer(
    to request: Netflixgpt_Recommendation_V1_RecommendRequest,
    at path: String = "",
    from catalog: @escaping @Sendable () async throws(RPCError) -> CatalogSnapshot
  ) async throws -> Recommender.Answer {
    let mood = try RecommendPlan.mood(request.mood, at: "\(path)mood")
    return try await self.recommender.titlesOrHelp(for: mood) { level in
      let snapshot: CatalogSnapshot
      do throws(RPCError) { snapshot = try await catalog() } catch {
        throw NoTitles(error: error, course: .init(part: .catalog, level: level))
      }
      let plan = try RecommendPlan(request, at: path, genres: snapshot.genres)
      return try await self.recommender.titles(plan, atLeast: level, in: snapshot)
    }
  }

  /// Of one batch.
  private static let maxRequests = 32

  /// Every item by itself, at most eight at a time.
  private func batchRecommend(
    _ request: Netflixgpt_Recommendation_V1_BatchRecommendRequest
  ) async throws -> Netflixgpt_Recommendation_V1_BatchRecommendResponse {
    let items = request.requests
    guard (1...Self.maxRequests).contains(items.count) else {
      throw RPCError.invalid(
        field: "requests",
        "must have 1...\(Self.maxRequests) items, has \(items.count)",
        reason: "OUT_OF_RANGE"
      )
    }
    let catalog: Result<CatalogSnapshot, RPCError>
    do {
      catalog = .success(
        try await Recommender.leavingTimeForHelp(at: .crisis) { try await self.snapshot() }
      )
    } catch {
      // Without a catalog nobody gets titles, but those in need get help.
      guard !Task.isCancelled, items.contains(where: { self.level(of: $0.mood) == .crisis })
      else { throw error }
      catalog = .failure(error as? RPCError ?? Recommender.late)
    }
    let results = try await concurrently(items.indices, atMost: 8) { index in
      await self.result(of: items[index], at: index, from: catalog)
    }
    return .with { $0.results = results }
  }

  /// Of a mood as it came, by its phrases.
  private func level(of mood: String) -> SafetyLevel {
    guard let mood = try? RecommendPlan.mood(mood, at: "mood") else { return .none }
    return self.recommender.safety.phrases.level(of: mood)
  }

  private func result(
    of request: Netflixgpt_Recommendation_V1_RecommendRequest,
    at index: Int,
    from catalog: Result<CatalogSnapshot, RPCError>
  ) async -> Netflixgpt_Recommendation_V1_BatchRecommendResult {
    do {
      let path = "requests[\(index)]."
      let answer = try await self.answer(to: request, at: path) { () async throws(RPCError) in
        try catalog.get()
      }
      return .with { $0.response = answer.response.message }
    } catch {
      return .with { $0.failure = .init(error) }
    }
  }

  private func similarTitles(
    _ request: Netflixgpt_Recommendation_V1_SimilarTitlesRequest
  ) async throws -> (Netflixgpt_Recommendation_V1_SimilarTitlesResponse, Timings) {
    let limit = try RecommendPlan.limit(request.hasLimit ? request.limit : nil, at: "limit")
    let snapshot = try await self.snapshot()
    let filter = try TitleFilter(request.filter, at: "filter", genres: snapshot.genres)
    let title = try await self.title(request.id)
    guard snapshot.contains(title.id) else { throw RPCError.titleNotServedYet }
    let start = ContinuousClock.now
    let ranking = try await snapshot.rankOffLoop(
      snapshot.query(
        like: title.id,
        contentWeight: self.recommender.contentWeight,
        filter: filter,
        limit: limit
      )
    )
    let titles = try await self.recommender.records.records(
      of: ranking.titles,
      in: snapshot
    )
    var timings = Timings()
    timings.search = start.duration(to: .now)
    let response = Netflixgpt_Recommendation_V1_SimilarTitlesResponse.with {
      $0.title = .init(title)
      $0.recommendations = .init(ranking.titles, titles)
      $0.candidates = Int32(clamping: ranking.candidates)
      $0.exact = ranking.exact
      $0.catalogVersion = snapshot.version
    }
    return (response, timings)
  }
}

/// Runs `body` for every element, at most `limit` at a time; results stand in the elements' order.
func concurrently<Element: Sendable, Value: Sendable>(
  _ elements: some Collection<Element>,
  atMost limit: Int,
  _ body: @escaping @Sendable (Element) async throws -> Value
) async throws -> [Value] {
  try await withThrowingTaskGroup(of: (Int, Value).self) { group in
    var results: [(Int, Value)] = []
    for (index, element) in elements.enumerated() {
      if index >= limit, let finished = try await group.next() { results.append(finished) }
      group.addTask { (index, try await body(element)) }
    }
    while let finished = try await group.next() { results.append(finished) }
    return results.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
