import FoundationEssentials
package import HTTPMessage

/// Emotions by a classifier behind text-embeddings-inference, such as one trained on GoEmotions.
///
/// It reads moods; a title's emojis are beyond a classifier.
///
/// Source: https://huggingface.github.io/text-embeddings-inference/#/Text%20Embeddings%20Inference/predict
package struct TEIClassifier: EmotionProvider {
  package let name: String
  package let model = "predict"
  package let maxTitlesPerCall = 100
  private let endpoint: VendorEndpoint
  private let handler: HTTPHandler

  package init(name: String, endpoint: VendorEndpoint, handler: @escaping HTTPHandler) {
    self.name = name
    self.endpoint = endpoint
    self.handler = handler
  }

  package func request(for mood: String) -> HTTPRequest {
    self.endpoint.post(
      "/predict",
      ["inputs": .string(mood), "raw_scores": false, "truncate": true]
    )
  }

  /// The labels as emotions: those with a tenth of the best one's score or more.
  package func answer(from response: HTTPResponse) throws(ProviderError) -> MoodAnswer {
    let body = try VendorReply.body(of: response, as: [Prediction].self)
    let best = body.map(\.score).max() ?? 0
    let emotions = body.filter { $0.score >= max(best / 10, 0.01) }
      .compactMap { Emotion(named: $0.label, intensity: $0.score) }
      .strongest(8)
    guard let first = emotions.first else { throw .malformedReply }
    return MoodAnswer(emotions: emotions, language: "und", confidence: first.intensity)
  }

  package func emotions(
    inMood mood: String,
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> MoodAnswer {
    let request = self.request(for: mood)
    let response = try await ProviderError.exchange(request, over: self.handler, until: deadline)
    return try self.answer(from: response)
  }

  package func annotations(
    of titles: [TitleText],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> TitlesAnswer {
    throw .unsupported
  }

  private struct Prediction: Decodable {
    var label: String
    var score: Double
  }
}

extension TEIClassifier: Inspectable {
  package var probe: HTTPRequest { self.request(for: "a quiet, happy evening") }
  package var modelsRequest: HTTPRequest? { nil }
  package var remark: String { "a classifier: reads moods, can't annotate titles" }
}
