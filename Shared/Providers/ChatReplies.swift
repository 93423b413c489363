import FoundationEssentials

/// Reads what a model answered to `ChatQuestion.mood`.
enum MoodReply {
  private struct Wire: Decodable {
    var emotions: [EmotionWire]
    var language: String?
    var sureness: Double?
  }

  static func answer(from reply: ChatReply) throws(ProviderError) -> MoodAnswer {
    let wire = try reply.decoded(as: Wire.self)
    let emotions = wire.emotions.compactMap(\.emotion).strongest(8)
    guard !emotions.isEmpty else { throw .malformedReply }
    let confidence = wire.sureness ?? 0.5
    return MoodAnswer(
      emotions: emotions,
      language: Self.languageTag(wire.language ?? ""),
      confidence: confidence.isFinite ? min(1, max(0, confidence)) : 0.5,
      inputTokens: reply.inputTokens,
      outputTokens: reply.outputTokens
    )
  }

  /// `text` if it has the form of a BCP 47 tag, else "und".
  private static func languageTag(_ text: String) -> String {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let isTag = parts.enumerated().allSatisfy { index, part in
      (index == 0 ? 2...3 : 1...8).contains(part.utf8.count)
        && part.allSatisfy { $0.isASCII && ($0.isLetter || index > 0 && $0.isNumber) }
    }
    return isTag && text.utf8.count <= 35 ? text : "und"
  }
}

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
    let wire = try reply.decoded(as: Wire.self)
    let given = Dictionary(grouping: wire.titles, by: \.id)
    var answer = TitlesAnswer(
      annotations: [:],
      inputTokens: reply.inputTokens,
      outputTokens: reply.outputTokens
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

private struct EmotionWire: Decodable {
  var name: String
  var intensity: Double

  var emotion: Emotion? { Emotion(named: self.name, intensity: self.intensity) }
}

/// The text of a model's answer and what it cost.
package struct ChatReply: Sendable, Hashable {
  package var content: String
  package var inputTokens: Int
  package var outputTokens: Int

  /// The content as JSON, with or without a fence around it.
  func decoded<Value: Decodable>(as type: Value.Type) throws(ProviderError) -> Value {
    guard let start = self.content.firstIndex(of: "{"), let end = self.content.lastIndex(of: "}"),
      start < end,
      let value = try? JSONDecoder().decode(type, from: Data(self.content[start...end].utf8))
    else { throw .malformedReply }
    return value
  }
}
