import FoundationEssentials

/// Reads what a model answered to `ChatQuestion.mood`.
enum MoodReply {
  private struct Wire: Decodable {
    var emotions: [EmotionWire]
    var language: String?
    var sureness: Double?
  }

  private struct CrisisWire: Decodable {
    var crisis: Flag?
  }

  /// A boolean, however a model writes it; what can't be understood is no flag.
  private struct Flag: Decodable {
    let isSet: Bool

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self.isSet = flag
      } else if let text = try? container.decode(String.self) {
        self.isSet = ["true", "yes"].contains(text.lowercased())
      } else {
        self.isSet = (try? container.decode(Double.self)) == 1
      }
    }
  }

  /// Reads the emotions.
  ///
  /// - Parameters:
  ///   - reply: Of any vendor.
  ///   - isLenient: Whether a list in words, such as "emotions: [joy, awe]", will do: for models
  ///     that nothing holds to a form.
  /// - Returns: What the model read.
  /// - Throws: `truncated` or `malformedReply`.
  static func answer(from reply: ChatReply, isLenient: Bool) throws(ProviderError) -> MoodAnswer {
    if let wire = reply.decoded(as: Wire.self) {
      let emotions = wire.emotions.compactMap(\.emotion).strongest(8)
      if !emotions.isEmpty, !reply.isCutOff {
        return MoodAnswer(
          emotions: emotions,
          language: Self.languageTag(wire.language ?? ""),
          confidence: Self.confidence(wire.sureness),
          isCrisis: Self.signalsCrisis(reply),
          inputTokens: reply.inputTokens,
          outputTokens: reply.outputTokens,
          usd: reply.usd
        )
      }
    }
    if reply.isCutOff { throw .truncated }
    let emotions = isLenient ? EmotionList.emotions(in: reply.content) : []
    guard !emotions.isEmpty else { throw .malformedReply }
    return MoodAnswer(
      emotions: emotions,
      language: "und",
      confidence: Self.confidence(nil),
      isCrisis: Self.signalsCrisis(reply),
      inputTokens: reply.inputTokens,
      outputTokens: reply.outputTokens,
      usd: reply.usd
    )
  }

  /// Whether the model, or its vendor's moderation, fears for the writer, be the reply of any other
  /// use or not: one without emotions, broken or cut off after the flag too.
  static func signalsCrisis(_ reply: ChatReply) -> Bool {
    if reply.signalsSelfHarm { return true }
    if let flag = reply.decoded(as: CrisisWire.self)?.crisis { return flag.isSet }
    let text = reply.content.withoutThoughts
    guard let key = text.firstRange(of: #""crisis""#) else { return false }
    let value = text[key.upperBound...].drop { $0.isWhitespace || ":\"".contains($0) }.lowercased()
    return value.hasPrefix("true") || value.hasPrefix("yes") || value.prefix { $0.isNumber } == "1"
  }

  private static func confidence(_ sureness: Double?) -> Double {
    let sureness = sureness ?? 0.5
    return sureness.isFinite ? min(1, max(0, sureness)) : 0.5
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

/// An emotion as a model writes it in JSON.
struct EmotionWire: Decodable {
  var name: String
  var intensity: Double

  var emotion: Emotion? { Emotion(named: self.name, intensity: self.intensity) }
}

extension ChatReply {
  /// The content as JSON, with or without a fence or a model's thoughts around it.
  func decoded<Value: Decodable>(as type: Value.Type) -> Value? {
    let text = self.content.withoutThoughts
    guard let start = text.firstIndex(of: "{"), let end = text.lastIndex(of: "}"), start < end
    else { return nil }
    return try? JSONDecoder().decode(type, from: Data(text[start...end].utf8))
  }
}

extension String {
  /// What follows the thoughts that some open models write before they answer.
  var withoutThoughts: Substring {
    // The beginning is missing where a server writes it on the model's behalf.
    self.range(ofThoughtsEnd: "</think>").map { self[$0...] } ?? self[...]
  }

  private func range(ofThoughtsEnd mark: String) -> String.Index? {
    let bytes = Array(mark.utf8)
    var start = self.utf8.endIndex
    while start > self.utf8.startIndex {
      start = self.utf8.index(before: start)
      if self.utf8[start...].starts(with: bytes) {
        return self.utf8.index(start, offsetBy: bytes.count)
      }
    }
    return nil
  }
}
