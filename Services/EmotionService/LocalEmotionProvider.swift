import LocalModels
import Providers

/// Emotions by the embedded model: no network, no cost, always there.
struct LocalEmotionProvider: EmotionProvider {
  let name = "local"
  let model = EmotionModel.name
  /// A quarter of the largest request, so that the cores share it.
  let maxTitlesPerCall = 25
  private let emotionModel: EmotionModel

  init(_ emotionModel: EmotionModel) {
    self.emotionModel = emotionModel
  }

  /// Reads a mood on the caller's thread: 90 microseconds or so, less than a hop to another costs.
  func emotions(
    inMood mood: String,
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> MoodAnswer {
    let reading = self.emotionModel.reading(of: mood)
    let emotions = reading.emotions.compactMap { Emotion(named: $0.name, intensity: $0.intensity) }
      .strongest(8)
    guard !emotions.isEmpty else { throw .malformedReply }
    return MoodAnswer(
      emotions: emotions,
      language: reading.language,
      confidence: (reading.confidence * 1000).rounded() / 1000,
      usd: 0
    )
  }

  /// Annotates titles one after the other; not for an event loop, which has others to serve.
  func annotations(
    of titles: [TitleText],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> TitlesAnswer {
    var annotations: [String: TitleAnnotation] = [:]
    for title in titles {
      if Task.isCancelled { throw .cancelled }
      guard ContinuousClock.now < deadline else { throw .timedOut }
      annotations[title.id] = self.annotation(of: title)
    }
    return TitlesAnswer(annotations: annotations, usd: 0)
  }

  private func annotation(of title: TitleText) -> TitleAnnotation? {
    let tags = self.emotionModel.tags(
      title: title.name,
      description: title.description,
      genres: title.genres
    )
    let emotions = tags.emotions.compactMap { Emotion(named: $0.name, intensity: $0.intensity) }
      .strongest(TitleAnnotation.emotionCount)
    guard emotions.count == TitleAnnotation.emotionCount else { return nil }
    return TitleAnnotation(
      emotions: emotions,
      emojis: emojis(in: tags.emojis, atMost: TitleAnnotation.emojiCount.upperBound)
    )
  }
}
