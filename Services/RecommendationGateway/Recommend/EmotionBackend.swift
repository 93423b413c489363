import Contracts
import Caching
import RPC
import SwiftProtobuf

/// The emotion service as the gateway uses it: moods read before are not sent again.
struct EmotionBackend: Sendable {
  private let client: RPCClient
  private let models = ModelsBehind()
  private let readings: LRUCache<TextDigest, Netflixgpt_Emotion_V1_ExtractEmotionsResponse>

  init(_ client: RPCClient, cacheEntries: Int, cacheFor lifetime: Duration) {
    self.client = client
    self.readings = LRUCache(named: "readings", capacity: cacheEntries, lifetime: lifetime)
  }

  /// What the service reads in `mood`; usage says whether it was remembered.
  ///
  /// A degraded reading is not kept, so that the first provider is asked again.
  func reading(of mood: String) async throws -> Netflixgpt_Emotion_V1_ExtractEmotionsResponse {
    let key = TextDigest(mood)
    if var known = self.readings.value(for: key) {
      known.usage.markCached()
      return known
    }
    let request = Netflixgpt_Emotion_V1_ExtractEmotionsRequest.with { $0.mood = mood }
    let reading = try await withoutTurn(if: self.models.areElsewhere) {
      try await self.client.calling(EmotionMethods.extractEmotions, request)
    }
    self.models.learn(from: reading.usage, reading.degraded)
    guard !reading.emotions.isEmpty else {
      throw RPCError(
        .internal,
        "the emotion service read no emotion",
        details: [.errorInfo(reason: "NO_EMOTIONS")]
      )
    }
    if reading.degraded.isEmpty { self.readings.insert(reading, for: key) }
    return reading
  }

  /// Hands titles over to a batch API.
  func submit(
    _ request: Netflixgpt_Emotion_V1_SubmitAnnotationBatchRequest
  ) async throws -> Netflixgpt_Emotion_V1_SubmitAnnotationBatchResponse {
    try await self.client.calling(
      EmotionMethods.submitAnnotationBatch,
      request,
      timeout: .seconds(120)
    )
  }

  /// What became of the titles of a batch.
  func collect(
    _ request: Netflixgpt_Emotion_V1_CollectAnnotationBatchRequest
  ) async throws -> Netflixgpt_Emotion_V1_CollectAnnotationBatchResponse {
    let answer = try await self.client.calling(
      EmotionMethods.collectAnnotationBatch,
      request,
      timeout: .seconds(120)
    )
    guard answer.running || answer.annotations.map(\.id) == request.titleIds else {
      throw Self.wrongTitles
    }
    return answer
  }

  private static let wrongTitles = RPCError(
    .internal,
    "the emotion service answered for other titles than were asked",
    details: [.errorInfo(reason: "WRONG_TITLES")]
  )

  /// Emotions and emojis for `titles`, one answer each, in order.
  func annotations(
    of titles: [Netflixgpt_Emotion_V1_TitleText],
    timeout: Duration
  ) async throws -> [Netflixgpt_Emotion_V1_TitleAnnotation] {
    let request = Netflixgpt_Emotion_V1_AnnotateTitlesRequest.with { $0.titles = titles }
    let answer = try await withoutTurn(if: self.models.areElsewhere) {
      try await self.client.calling(EmotionMethods.annotateTitles, request, timeout: timeout)
    }
    guard answer.annotations.map(\.id) == titles.map(\.id) else { throw Self.wrongTitles }
    return answer.annotations
  }
}

extension Netflixgpt_Answer_V1_Usage {
  /// Says that the answer came from a cache and cost nothing now.
  mutating func markCached() {
    self.cached = true
    self.inputTokens = 0
    self.outputTokens = 0
    self.usd = 0
  }
}
