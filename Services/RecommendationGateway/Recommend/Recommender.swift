import CatalogStore
import Contracts
import Caching
import RPC
import Safety
import SwiftProtobuf

/// Answers moods with titles: asks the two services, ranks, explains.
struct Recommender: Sendable {
  let emotions: EmotionBackend
  let embeddings: EmbeddingBackend
  let store: any TitleStore
  let records: TitleRecords
  /// Share of a score that compares texts, 0...1.
  let contentWeight: Double
  let safety: SafetyPolicy
  /// Answers of up to `mostTitlesKept` titles, by request and catalog version; equal requests at
  /// the same time share one.
  let answers: LRUCache<TextDigest, KeptMessage<Response>>

  typealias Response = Netflixgpt_Recommendation_V1_RecommendResponse
  typealias Answer = (response: KeptMessage<Response>, timings: Timings)

  /// Larger answers are not kept: a thousand of them would take hundreds of megabytes.
  private static let mostTitlesKept = 25

  /// What was read in a mood, and by whom.
  private struct Reading {
    var emotions: [(name: String, intensity: Double)]
    var language = "und"
    var confidence = 0.0
    var usage: [Netflixgpt_Answer_V1_Usage] = []
    var degraded: [Netflixgpt_Answer_V1_Degradation] = []
  }

  /// Titles for a checked request, or help alone, and how long the parts took.
  func recommend(_ plan: RecommendPlan, in snapshot: CatalogSnapshot) async throws -> Answer {
    try await self.titlesOrHelp(for: plan.mood) { level in
      try await self.titles(plan, atLeast: level, in: snapshot)
    }
  }

  /// Titles for a checked request, from what is kept or anew, and how long the parts took.
  ///
  /// - Parameters:
  ///   - plan: The request.
  ///   - level: Of the mood by its phrases.
  ///   - snapshot: What is searched.
  /// - Returns: The answer, and how long its parts took.
  /// - Throws: `NoTitles` where a part failed.
  func titles(
    _ plan: RecommendPlan,
    atLeast level: SafetyLevel,
    in snapshot: CatalogSnapshot
  ) async throws -> Answer {
    // Only the reading may take all of the caller's time: it may tell that help is needed.
    let whole = CallScope.current
    let scope = level == .crisis ? whole : whole.leavingTimeForHelp
    return try await CallScope.$current.withValue(scope) {
      try await self.shared(plan, atLeast: level, readingIn: whole, in: snapshot)
    }
  }

  /// Usage tells those who did not compute the answer that it cost nothing.
  private func shared(
    _ plan: RecommendPlan,
    atLeast level: SafetyLevel,
    readingIn scope: CallScope,
    in snapshot: CatalogSnapshot
  ) async throws -> Answer {
    var own: (response: Response, timings: Timings)?
    let (kept, _) = try await self.answers.value(
      for: plan.key(version: snapshot.version),
      isOwn: { ($0 as? NoTitles)?.error.isOfCaller ?? false },
      waiting: { wait in await withoutTurn { await wait() } },
      orCompute: {
        let answer = try await self.compute(
          plan,
          atLeast: level,
          readingIn: scope,
          in: snapshot
        )
        own = answer
        var later = answer.response
        for index in later.usage.indices { later.usage[index].markCached() }
        later.usd = 0
        let isSmall = later.recommendations.count <= Self.mostTitlesKept
        let mayKeep = isSmall && later.degraded.isEmpty && later.safety.level == .none
        return (KeptMessage(later), mayKeep: mayKeep)
      }
    )
    if let own { return (KeptMessage(own.response), own.timings) }
    return (kept, Timings())
  }

  private func compute(
    _ plan: RecommendPlan,
    atLeast level: SafetyLevel,
    readingIn scope: CallScope,
    in snapshot: CatalogSnapshot
  ) async throws -> (response: Response, timings: Timings) {
    var course = NoTitles.Course(part: .emotionService, level: level)
    do {
      return try await self.answer(plan, &course, readingIn: scope, in: snapshot)
    } catch let error as RPCError {
      throw NoTitles(error: error, course: course, catalogVersion: snapshot.version)
    }
  }

  private func answer(
    _ plan: RecommendPlan,
    _ course: inout NoTitles.Course,
    readingIn scope: CallScope,
    in snapshot: CatalogSnapshot
  ) async throws -> (response: Response, timings: Timings) {
    var timings = Timings()
    let start = ContinuousClock.now
    async let moodVector = self.embeddings.vectors(of: [plan.mood])
    let reading = await Result {
      try await CallScope.$current.withValue(scope) {
        try await self.emotions.reading(of: plan.mood)
      }
    }
    timings.extract = start.duration(to: .now)
    if case .success(let read) = reading {
      course.level = max(course.level, SafetyLevel(read.safety))
      course.language = read.language
    }

    course.part = .embeddingService
    let content = try await moodVector
    course.part = .emotionService
    let moods = try Self.reading(
      reading,
      orNearestTo: content.vectors[plan.mood],
      in: snapshot
    )
    course.part = .embeddingService
    let level = course.level
    let action = self.safety.action(at: level)
    var plan = plan
    if action == .softened {
      plan.lifts = false
      plan.filter = self.safety.softened(plan.filter, genres: snapshot.genres)
    }
    let (sought, vectors, usage) = try await self.sought(
      action == .softened ? SafetyPolicy.gentle : moods.emotions,
      plan,
      in: snapshot
    )
    guard content.space == snapshot.space else {
      throw Self.spaceMismatch(catalog: snapshot.space, service: content.space)
    }
    timings.embed = start.duration(to: .now) - timings.extract

    let searchStart = ContinuousClock.now
    let query = try self.query(
      sought,
      vectors: vectors,
      // A gentle title's words need not be like those of a crisis.
      mood: action == .softened ? nil : content.vectors[plan.mood],
      confidence: moods.confidence,
      plan: plan,
      isChosenFrom: plan.seed != nil || action == .softened
    )
    course.part = .catalog
    let ranking = try await snapshot.rankOffLoop(query)
    let best =
      switch action {
      case .softened: try await self.gentle(ranking.titles, in: snapshot)
      case .withheld: [RankedTitle]()
      case .unspecified, .UNRECOGNIZED: ranking.titles
      }
    let chosen =
      plan.seed.map { best.sample(plan.limit, seed: $0) } ?? Array(best.prefix(plan.limit))
    let titles = try await self.records.records(of: chosen, in: snapshot)
    timings.search = searchStart.duration(to: .now)

    var response = Response()
    response.emotions = moods.emotions.map { .init(name: $0.name, intensity: $0.intensity) }
    response.sought = sought.map { .init(name: $0.name, intensity: $0.intensity) }
    response.recommendations = [Netflixgpt_Recommendation_V1_Recommendation](chosen, titles)
    response.language = moods.language
    response.confidence = moods.confidence
    response.candidates = Int32(clamping: ranking.candidates)
    response.exact = ranking.exact && chosen.elementsEqual(ranking.titles.prefix(chosen.count))
    response.catalogVersion = snapshot.version
    response.degraded = moods.degraded
    response.safety = self.safety.message(
      at: level,
      language: moods.language,
      mood: plan.mood
    )
    response.usage = moods.usage + [content.usage] + usage
    if response.usage.allSatisfy(\.hasUsd) {
      response.usd = response.usage.reduce(0) { $0 + $1.usd }
    }
    return (response, timings)
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

  /// What to look for, the vectors of its names, and what embedding those cost.
  private func sought(
    _ emotions: [(name: String, intensity: Double)],
    _ plan: RecommendPlan,
    in snapshot: CatalogSnapshot
  ) async throws -> (
    [(name: String, intensity: Double)], [String: [Float]], [Netflixgpt_Answer_V1_Usage]
  ) {
    let words = emotions.map(\.name) + (plan.lifts ? Lift.words : [])
    var vectors: [String: [Float]] = [:]
    var usage: [Netflixgpt_Answer_V1_Usage] = []
    for word in words { vectors[word] = snapshot.vector(of: word) }
    let missing = words.filter { vectors[$0] == nil }
    if !missing.isEmpty {
      let answer = try await self.embeddings.vectors(of: missing)
      guard answer.space == snapshot.space else {
        throw Self.spaceMismatch(catalog: snapshot.space, service: answer.space)
      }
      vectors.merge(answer.vectors) { known, _ in known }
      usage.append(answer.usage)
    }
    let sought = plan.lifts ? Lift.sought(for: emotions, vectors: vectors) : emotions
    return (sought, vectors, usage)
  }

  private func gentle(
    _ ranked: [RankedTitle],
    in snapshot: CatalogSnapshot
  ) async throws -> [RankedTitle] {
    let records = try await self.records.records(of: ranked, in: snapshot)
    let gentle = Set(records.lazy.filter { self.safety.isGentle($0) }.map(\.id))
    return ranked.filter { gentle.contains($0.id) }
  }

  private func query(
    _ sought: [(name: String, intensity: Double)],
    vectors: [String: [Float]],
    mood: [Float]?,
    confidence: Double,
    plan: RecommendPlan,
    isChosenFrom: Bool
  ) throws -> RankingQuery {
    let known = sought.compactMap { emotion in
      vectors[emotion.name].map { (emotion.name, $0, emotion.intensity) }
    }
    guard !known.isEmpty || mood != nil else { throw Self.nothingToCompare }
    let contentWeight: Double
    if known.isEmpty {
      contentWeight = 1
    } else if mood == nil || plan.lifts {
      contentWeight = 0
    } else {
      contentWeight = Self.contentWeight(self.contentWeight, confidence: confidence)
    }
    let total = known.reduce(0) { $0 + $1.2 }
    let shares = known.map { total > 0 ? $0.2 / total : 1 / Double(known.count) }
    return RankingQuery(
      emotions: zip(known, shares).map { emotion, share in
        .init(name: emotion.0, vector: emotion.1, weight: share * (1 - contentWeight))
      },
      content: contentWeight > 0 ? mood.map { .init(vector: $0, weight: contentWeight) } : nil,
      filter: plan.filter,
      limit: isChosenFrom ? 3 * plan.limit : plan.limit
    )
  }

  /// Lets a mood's text count the more, the less surely emotions were read in it.
  ///
  /// The words of a topic, say, name what is sought, and are hardly read as emotions.
  ///
  /// - Parameters:
  ///   - usual: What it counts where nothing is in doubt, 0...1.
  ///   - confidence: How surely the mood was read, 0...1.
  /// - Returns: The share of the text in a score, 0...1.
  static func contentWeight(_ usual: Double, confidence: Double) -> Double {
    guard usual > 0 else { return 0 }
    let doubt = min(1, max(0, (1 - confidence) / (1 - Self.hardlyRead)))
    return usual + doubt * max(0, Self.highestContentWeight - usual)
  }

  /// The confidence at and below which a text counts most, and what it counts then.
  private static let hardlyRead = 0.2
  private static let highestContentWeight = 0.8

  private static let nothingToCompare = RPCError(
    .failedPrecondition,
    "the embedding model knows neither the emotions read nor a word of the mood",
    details: [.errorInfo(reason: "NOTHING_TO_COMPARE")]
  )

  static func spaceMismatch(catalog: String, service: String) -> RPCError {
    RPCError(
      .failedPrecondition,
      "the catalog was embedded in the space \(catalog), the embedding service answers in "
        + "\(service): run `recommendation-gateway reindex`, or configure the provider that the "
        + "catalog was made with",
      details: [.errorInfo(reason: "EMBEDDING_SPACE_MISMATCH")]
    )
  }
}

extension RecommendPlan {
  /// Equal exactly for requests with the same answer; keeps no text.
  fileprivate func key(version: String) -> TextDigest {
    let filter = self.filter
    let lists = [
      filter.types.map(\.rawValue), filter.genresAny, filter.genresAll, filter.genresNone,
      Array(filter.excludedIDs),
    ]
    let numbers: [Double?] = [
      Double(self.limit), self.seed.map(Double.init), filter.minYear.map(Double.init),
      filter.maxYear.map(Double.init), filter.minRuntime.map(Double.init),
      filter.maxRuntime.map(Double.init), filter.minScore,
    ]
    return TextDigest(
      [version, self.mood, "\(self.lifts)", "\(filter.includeUnrated)"]
        + [filter.maxAgeRating.map { "\($0)" } ?? ""] + numbers.map { $0.map { "\($0)" } ?? "" }
        + lists.flatMap { ["\($0.count)"] + $0.sorted() }
    )
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
