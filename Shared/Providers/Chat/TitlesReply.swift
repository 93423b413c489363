/// Reads what a model answered to `ChatQuestion.titles`.
enum TitlesReply {
  private struct Wire: Decodable {
    var titles: [Title]

    struct Title: Decodable {
      var id: String
      var plot_emojis: [String]
      var watcher_emotions: [EmotionWire]
    }
  }

  /// The annotations that are whole, by the ids of `titles`.
  ///
  /// An id that comes twice tells nothing certain and counts as not answered.
  static func answer(
    from reply: ChatReply,
    to titles: [TitleText]
  ) throws(ProviderError) -> TitlesAnswer {
    if reply.isCutOff { throw .truncated }
    guard let wire = reply.decoded(as: Wire.self) else { throw .malformedReply }
    let given = Dictionary(grouping: wire.titles, by: \.id)
    var answer = TitlesAnswer(
      annotations: [:],
      inputTokens: reply.inputTokens,
      outputTokens: reply.outputTokens,
      usd: reply.usd
    )
    for (index, title) in titles.enumerated() {
      guard let annotations = given[String(index + 1)], annotations.count == 1,
        let annotation = annotations.first
      else { continue }
      answer.annotations[title.id] = Self.annotation(annotation)
    }
    return answer
  }

  private static func annotation(_ wire: Wire.Title) -> TitleAnnotation? {
    let emotions = wire.watcher_emotions.compactMap(\.emotion)
      .strongest(TitleAnnotation.emotionCount)
    let emojis = emojis(in: wire.plot_emojis, atMost: TitleAnnotation.emojiCount.upperBound)
    guard emotions.count == TitleAnnotation.emotionCount,
      emojis.count >= TitleAnnotation.emojiCount.lowerBound
    else { return nil }
    return TitleAnnotation(emotions: emotions, emojis: emojis)
  }
}
