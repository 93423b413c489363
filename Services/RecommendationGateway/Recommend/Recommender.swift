import CatalogStore
import Contracts
import Caching
import RPC
import SwiftProtobuf

/// Answers moods with titles: asks the two services, ranks, explains.
struct Recommender: Sendable {
  let emotions: EmotionBackend
  let embeddings: EmbeddingBackend
  let store: any TitleStore
  /// Share of a score that compares texts, 0...1.
  let contentWeight: Double
  /// Whole answers, by request and catalog version; equal requests at the same time share one.
  let answers: LRUCache<[UInt8], Answer>

  /// A response, as those get it who waited for it and as those do who come later.
  struct Answer: Sendable {
    let response: KeptMessage<Netflixgpt_Recommendation_V1_RecommendResponse>
    /// The same, with usage that says it cost nothing now.
    private let laterResponse: KeptMessage<Netflixgpt_Recommendation_V1_RecommendResponse>
    /// How long its parts took.
    let timings: Timings

    init(_ response: Netflixgpt_Recommendation_V1_RecommendResponse, timings: Timings) {
      var later = response
      for index in later.usage.indices { later.usage[index].markCached() }
      self.init(KeptMessage(response), later: KeptMessage(later), timings: timings)
    }

    var later: Answer { Answer(self.laterResponse, later: self.laterResponse, timings: Timings()) }

    private init(
      _ response: KeptMessage<Netflixgpt_Recommendation_V1_RecommendResponse>,
      later: KeptMessage<Netflixgpt_Recommendation_V1_RecommendResponse>,
      timings: Timings
    ) {
      self.response = response
      self.laterResponse = later
      self.timings = timings
    }
  }

  /// What was read in a mood, and by whom.
  private struct Reading {
    var emotions: [(name: String, intensity: Double)]
    var language = "und"
    var confidence = 0.0
    var usage: [Netflixgpt_Answer_V1_Usage] = []
    var degraded: [Netflixgpt_Answer_V1_Degradation] = []
  }

  /// Titles for a checked request, from what is kept or anew.
  func recommend(_ plan: RecommendPlan, in snapshot: CatalogSnapshot) async throws -> Answer {
    let key = plan.key(version: snapshot.version)
    let (answer, wasKept) = try await self.answers.value(for: key) {
      let answer = try await self.compute(plan, in: snapshot)
      return (answer, mayKeep: answer.response.message.degraded.isEmpty)
    }
    return wasKept ? answer.later : answer
  }

  private func compute(_ plan: RecommendPlan, in snapshot: CatalogSnapshot) async throws -> Answer {
    var timings = Timings()
    let start = ContinuousClock.now
    async let moodVector = self.embeddings.vectors(of: [plan.mood])
    let reading = await Result { try await self.emotions.reading(of: plan.mood) }
    timings.extract = start.duration(to: .now)

    let content = try await moodVector
    let moods = try Self.reading(
      reading,
      orNearestTo: content.vectors[plan.mood],
      in: snapshot
    )
    let (sought, vectors) = try await self.sought(moods.emotions, plan, in: snapshot)
    guard content.space == snapshot.space else {
      throw Self.spaceMismatch(catalog: snapshot.space, service: content.space)
    }
    timings.embed = start.duration(to: .now) - timings.extract

    let searchStart = ContinuousClock.now
    let query = self.query(
      sought,
      vectors: vectors,
      mood: content.vectors[plan.mood],
      confidence: moods.confidence,
      plan: plan
    )
    let ranking = try await snapshot.rankOffLoop(query)
    let chosen = plan.seed.map { ranking.titles.sample(plan.limit, seed: $0) } ?? ranking.titles
    let titles = try await self.store.records(of: chosen)
    timings.search = searchStart.duration(to: .now)

    var response = Netflixgpt_Recommendation_V1_RecommendResponse()
    response.emotions = moods.emotions.map { .init(name: $0.name, intensity: $0.intensity) }
    response.sought = sought.map { .init(name: $0.name, intensity: $0.intensity) }
    response.recommendations = [Netflixgpt_Recommendation_V1_Recommendation](chosen, titles)
    response.language = moods.language
    response.confidence = moods.confidence
    response.candidates = Int32(clamping: ranking.candidates)
    response.exact = ranking.exact
    response.catalogVersion = snapshot.version
    response.degraded = moods.degraded
    response.usage = moods.usage + [content.usage]
    return Answer(response, timings: timings)
  }

  /// What the emotion service read; where it did not answer, the catalog's own emotions nearest to
  /// the mood's vector, and the answer says so.
  private static func reading(
    _ result: Result<Netflixgpt_Emotion_V1_ExtractEmotionsResponse, any Error>,
    orNearestTo vector: [Float]?,
    in snapshot: CatalogSnapshot
  ) throws -> Reading {
    switch result {
    case .success(let response):
      return Reading(
        emotions: response.emotions.map { (name: $0.name, intensity: $0.intensity) },
        language: response.language,
        confidence: response.confidence,
        usage: [response.usage],
        degraded: response.degraded
      )
    case .failure(let error as RPCError) where error.code == .unavailable:
      guard let vector else { throw error }
      let nearest = snapshot.nearestWords(to: vector, count: 3).filter { $0.similarity > 0 }
      guard !nearest.isEmpty else { throw error }
      return Reading(
        emotions: nearest.map { (name: $0.word, intensity: min(1, $0.similarity)) },
        degraded: [
          .with {
            $0.stage = "extract"
            $0.from = "emotion-service"
            $0.to = "nearest-emotions"
            $0.reason = error.reason ?? "UNAVAILABLE"
          }
        ]
      )
    case .failure(let error): throw error
    }
  }

  /// What to look for, with the vectors of its names.
  private func sought(
    _ emotions: [(name: String, intensity: Double)],
    _ plan: RecommendPlan,
    in snapshot: CatalogSnapshot
  ) async throws -> ([(name: String, intensity: Double)], [String: [Float]]) {
    let words = emotions.map(\.name) + (plan.lifts ? Lift.words : [])
    var vectors: [String: [Float]] = [:]
    for word in words { vectors[word] = snapshot.vector(of: word) }
    let missing = words.filter { vectors[$0] == nil }
    if !missing.isEmpty {
      let answer = try await self.embeddings.vectors(of: missing)
      guard answer.space == snapshot.space else {
        throw Self.spaceMismatch(catalog: snapshot.space, service: answer.space)
      }
      vectors.merge(answer.vectors) { known, _ in known }
    }
    return (plan.lifts ? Lift.sought(for: emotions, vectors: vectors) : emotions, vectors)
  }

  private func query(
    _ sought: [(name: String, intensity: Double)],
    vectors: [String: [Float]],
    mood: [Float]?,
    confidence: Double,
    plan: RecommendPlan
  ) -> RankingQuery {
    // A mood that was hardly read says more by its words than by its emotions.
    let base = confidence < 0.2 ? max(self.contentWeight, 0.75) : self.contentWeight
    let contentWeight = mood == nil || plan.lifts ? 0 : base
    let known = sought.compactMap { emotion in
      vectors[emotion.name].map { (emotion.name, $0, emotion.intensity) }
    }
    let total = known.reduce(0) { $0 + $1.2 }
    let shares = known.map { total > 0 ? $0.2 / total : 1 / Double(known.count) }
    return RankingQuery(
      emotions: zip(known, shares).map { emotion, share in
        .init(name: emotion.0, vector: emotion.1, weight: share * (1 - contentWeight))
      },
      content: contentWeight > 0 ? mood.map { .init(vector: $0, weight: contentWeight) } : nil,
      filter: plan.filter,
      limit: plan.seed == nil ? plan.limit : 3 * plan.limit
    )
  }

  static func spaceMismatch(catalog: String, service: String) -> RPCError {
    RPCError(
      .failedPrecondition,
      "the catalog was embedded in the space \(catalog), the embedding service answers in "
        + "\(service): ingest the catalog again, or configure the provider it was made with",
      details: [.errorInfo(reason: "EMBEDDING_SPACE_MISMATCH")]
    )
  }
}

extension RecommendPlan {
  /// Equal exactly for requests with the same answer.
  fileprivate func key(version: String) -> [UInt8] {
    let filter = self.filter
    let parts: [String] = [
      version, self.mood, "\(self.limit)", "\(self.lifts)", self.seed.map { "\($0)" } ?? "-",
      filter.types.map(\.rawValue).sorted().joined(separator: ","),
      filter.genresAny.sorted().joined(separator: ","),
      filter.genresAll.sorted().joined(separator: ","),
      filter.genresNone.sorted().joined(separator: ","),
      "\(filter.minYear ?? -1)", "\(filter.maxYear ?? -1)",
      filter.maxAgeRating.map { "\($0)" } ?? "-", "\(filter.includeUnrated)",
      "\(filter.minRuntime ?? -1)", "\(filter.maxRuntime ?? -1)", "\(filter.minScore ?? -1)",
      filter.excludedIDs.sorted().joined(separator: ","),
    ]
    return Array(parts.joined(separator: "\u{0}").utf8)
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
