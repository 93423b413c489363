/// What makes a title's text look like words to the model instead of a plot.
///
/// A model may obey what it only should read, and whatever stands beside it in one request is at its
/// mercy. So a text with one of these signs is alone in its request. The signs only decide that: a
/// plot that has one by chance costs a request more, and a text that gets by without one can change
/// the emotions of at most nine neighbours.
enum InstructionSigns {
  /// By why they are signs; in lower case, with single spaces.
  private static let phrases: [(reason: String, phrases: [String])] = [
    (
      "markup of prompts and of JSON, which no plot has",
      [
        "<", ">", "{", "}", "\":", "\"]", "```", "###", "[inst", "[/inst", "system:", "assistant:",
        "user:", "human:", "developer:", " ai:",
      ]
    ),
    (
      "words of the request itself",
      [
        "json", "schema", "prompt ", "prompt.", "prompt,", "prompts ", "your prompt", "the prompt",
        "systemprompt", "annotat", "emoji", "plot_", "watcher_", "intensit", "every title",
        "all titles", "other title", "each title", "next title", "remaining title", "first title",
        "the id ", "the ids", "for ids", "of entry", "other entry", "every entry", "this list",
        "the list has", "end of mood",
        "other films", "all films", "each film", "every film", "the films above", "each movie",
        "all movies", "every movie", "to the others", "in this request",
      ]
    ),
    (
      "what models are told to leave their task",
      [
        "ignor", "disregard", "overlook the", "override", "instruction", "guideline", "forget all",
        "forget the schema", "forget the rules", "forget what", "forget your", "forget every",
        "from now on", "you are now",
        "you have been re", "your rules", "your creator", "system prompt", "language model",
        "to the ai:", "to the ai ", "as an ai ", "dear assistant", "jailbreak", "new conversation",
        "next task",
        "what follows replaces", "do as i say", "obey me", "and obey", "pretend that the",
        "as a joke", "unit test", "no limits",
      ]
    ),
    (
      "orders that ask for an answer",
      [
        "answer with", "answer under", "answer in ", "answer pwned", "reply with", "reply only",
        "respond with", "respond in ", "return the", "return <", "output the", "your output",
        "output only", "print the text", "repeat everything", "word for word", "say that title",
        "write a poem", "write only", "rate the film", "list the names", "give no emotions",
        "api key", "pwned", "base64", "html", "markdown", "http://", "https://",
      ]
    ),
    (
      "the same in other languages of viewers",
      [
        "anweisung", "vergiss alle", "antworte mit", "antwortest du", "des ersten titels",
        "instruccion", "instrucoes", "instruç", "istruzion", "consigne", "olvida lo anterior",
        "responde con", "responde solo", "etiquetas de", "réponds", "oublie tes", "autres films",
        "chaque film", "rispondi", "dimentica quanto", "a tutti i titoli", "responda",
        "esqueça o que", "do título", "negeer", "antwoord met", "polecenia", "innych tytułów",
        "talimat", "diğer filmlerin", "инструкц", "промпт", "ответь", "эмоции у других",
        "обращай внимания на правила", "ігноруй", "指示を", "他の作品", "すべての作品に", "と答えて",
        "忽略", "指令", "其他影片", "所有电影", "지시를", "무시하고", "다른 작품", "تعليمات", "निर्देश", "टैग",
      ]
    ),
  ]

  /// Letters that stand apart, as in "i g n o r e", to be read by a model and missed by a search.
  private static let mostLoneLetters = 4
  /// Letters and digits without a break, as encoders write them.
  private static let longestWord = 40

  /// The phrases' bytes, by the first of them.
  private static let byFirstByte = Dictionary(
    grouping: Self.phrases.flatMap(\.phrases).map { Array($0.utf8) },
    by: \.first
  )

  /// Whether `text` has one of the signs.
  ///
  /// - Complexity: O(length): a few phrases are looked at for each byte.
  static func areIn(_ text: String) -> Bool {
    let text = Self.folded(text)
    let bytes = Array(text.utf8)
    for (place, byte) in bytes.enumerated() {
      guard let phrases = Self.byFirstByte[byte] else { continue }
      if phrases.contains(where: { bytes[place...].starts(with: $0) }) { return true }
    }
    return Self.hidesLetters(text)
  }

  /// Lower case, one space for all that is none or stands in for it, nothing that isn't seen.
  private static func folded(_ text: String) -> String {
    var folded = String.UnicodeScalarView()
    for scalar in text.lowercased().unicodeScalars {
      let properties = scalar.properties
      if properties.isWhitespace || properties.generalCategory == .control {
        if folded.last != " " { folded.append(" ") }
      } else if properties.generalCategory != .format {
        folded.append(scalar)
      }
    }
    // What ends the text may end a sign as well.
    return String(folded) + " "
  }

  private static func hidesLetters(_ text: String) -> Bool {
    var lone = 0
    for word in text.split(whereSeparator: { " .-_*".contains($0) }) {
      if word.utf8.count > Self.longestWord, word.utf8.allSatisfy({ $0 < 0x80 }) { return true }
      lone = word.count == 1 && word.first?.isLetter == true ? lone + 1 : 0
      if lone > Self.mostLoneLetters { return true }
    }
    return false
  }
}

extension TitleText {
  /// Whether its text may be meant for the model that reads it.
  package var readsLikeInstructions: Bool {
    ([self.name, self.description] + self.genres).contains { InstructionSigns.areIn($0) }
  }
}

extension [TitleText] {
  /// Spreads titles over requests.
  ///
  /// A title that reads like an instruction is the only one of its request.
  ///
  /// - Parameter size: The most of one request, 1 or more.
  /// - Returns: The places of each request's titles, in their order.
  func groups(atMost size: Int) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    var isOpen = false
    for (place, title) in self.enumerated() {
      let isAlone = title.readsLikeInstructions
      if isOpen, !isAlone, let last = groups.last, last.count < size {
        groups[groups.count - 1] = last.lowerBound..<place + 1
      } else {
        groups.append(place..<place + 1)
      }
      isOpen = !isAlone
    }
    return groups
  }
}
