/// Whoever reads emotions: a vendor's language model or the embedded one.
package protocol EmotionProvider: Sendable {
  /// As in the configured chain, such as "openai".
  var name: String { get }
  var model: String { get }
  /// How many titles one call of `annotations` may carry, 1 or more.
  var maxTitlesPerCall: Int { get }

  /// Reads a mood, which is trimmed and not empty.
  func emotions(
    inMood mood: String,
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> MoodAnswer

  /// Annotates titles whose ids differ.
  ///
  /// - Returns: Annotations by title id; a title that the provider failed at is missing.
  func annotations(
    of titles: [TitleText],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> TitlesAnswer
}

/// What a provider read from a mood.
package struct MoodAnswer: Sendable, Hashable {
  /// 1...8, strongest first, no name twice.
  package var emotions: [Emotion]
  /// BCP 47, "und" when unknown.
  package var language: String
  /// 0...1: how sure the provider is.
  package var confidence: Double
  /// Whether the model, or its vendor's moderation, says that the writer may come to harm by their
  /// own hand.
  package var isCrisis: Bool
  /// As the provider counted them; 0 for local models.
  package var inputTokens: Int
  package var outputTokens: Int
  /// What the answer cost, `nil` where that is not known.
  package var usd: Double?

  package init(
    emotions: [Emotion],
    language: String,
    confidence: Double,
    isCrisis: Bool = false,
    inputTokens: Int = 0,
    outputTokens: Int = 0,
    usd: Double? = nil
  ) {
    self.emotions = emotions
    self.language = language
    self.confidence = confidence
    self.isCrisis = isCrisis
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.usd = usd
  }
}

/// What a title says about itself.
package struct TitleText: Sendable, Hashable {
  /// The caller's own, unique in its request.
  package var id: String
  package var name: String
  package var description: String
  package var genres: [String]

  package init(id: String, name: String, description: String, genres: [String]) {
    self.id = id
    self.name = name
    self.description = description
    self.genres = genres
  }
}

/// What a provider says about a title.
package struct TitleAnnotation: Sendable, Hashable {
  /// How many emotions a title gets.
  package static let emotionCount = 8
  /// How many emojis a title gets.
  package static let emojiCount = 3...8

  /// 8, strongest first, no name twice.
  package var emotions: [Emotion]
  /// 3...8, each one emoji.
  package var emojis: [String]

  package init(emotions: [Emotion], emojis: [String]) {
    self.emotions = emotions
    self.emojis = emojis
  }
}

/// The annotations of one call.
package struct TitlesAnswer: Sendable, Hashable {
  /// By the ids of the titles.
  package var annotations: [String: TitleAnnotation]
  package var inputTokens: Int
  package var outputTokens: Int
  /// What the answer cost, `nil` where that is not known.
  package var usd: Double?

  package init(
    annotations: [String: TitleAnnotation],
    inputTokens: Int = 0,
    outputTokens: Int = 0,
    usd: Double? = nil
  ) {
    self.annotations = annotations
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.usd = usd
  }
}
