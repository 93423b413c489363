/// Recognises by its phrases that a mood is more than a mood.
///
/// The first of several layers, and the only one that works without a model: precise rather than
/// complete. Thread-safe; a mood of 2,000 characters takes microseconds.
package struct CrisisPhrases: Sendable {
  /// Why a list can't be read, with the line at fault.
  package struct InvalidList: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
  }

  private struct Rule: Sendable {
    var phrase: Phrase
    /// `nil` for words that mean something else, and are passed over.
    var level: SafetyLevel?
  }

  /// By the words that a match can begin with.
  private var rules: [String: [Rule]] = [:]
  private var pieces: [Rule] = []

  /// The list that is shipped.
  package static func shipped() throws(InvalidList) -> CrisisPhrases {
    try CrisisPhrases(String(decoding: PackageResources.phrases_txt, as: UTF8.self))
  }

  /// Reads a list: one rule a line, `crisis|concern|mask LANGUAGE PATTERN`; `#` begins a comment.
  ///
  /// - Throws: `InvalidList` at the first line that is no rule.
  package init(_ list: String) throws(InvalidList) {
    for (index, line) in list.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let text = line.prefix { $0 != "#" }
      let parts = text.split(separator: " ", maxSplits: 2)
      guard !parts.isEmpty else { continue }
      let level = SafetyLevel(name: parts[0])
      guard parts.count == 3, parts[0] == "mask" || (level ?? .none) != .none,
        let phrase = Phrase(parts[2])
      else {
        throw InvalidList(description: "line \(index + 1) is no rule: kind, language, pattern")
      }
      let rule = Rule(phrase: phrase, level: level)
      if let firstWords = phrase.firstWords {
        for word in firstWords { self.rules[word, default: []].append(rule) }
      } else {
        self.pieces.append(rule)
      }
    }
  }

  /// The level of a text in any language of the list.
  package func level(of text: String) -> SafetyLevel {
    let folded = FoldedText(text)
    var words = folded.words
    for start in words.indices {
      for rule in self.rules[words[start]] ?? [] where rule.level == nil {
        guard let end = rule.phrase.end(in: words, from: start) else { continue }
        for index in start..<end { words[index] = "" }
      }
    }
    var level = SafetyLevel.none
    for start in words.indices {
      for rule in self.rules[words[start]] ?? [] {
        guard let found = rule.level, found > level,
          let end = rule.phrase.end(in: words, from: start)
        else { continue }
        level = max(level, rule.phrase.isDenied(in: words, from: start, to: end) ? .concern : found)
      }
    }
    level = max(level, self.levelOfPieces(in: folded.joined))
    // Laughter lowers the level and never clears it: it is no proof of being well.
    return level == .crisis && folded.laughs ? .concern : level
  }

  private func levelOfPieces(in text: String) -> SafetyLevel {
    var text = text
    var level = SafetyLevel.none
    for rule in self.pieces where rule.level == nil {
      if case .piece(let piece) = rule.phrase.form {
        text = text.split(separator: piece, omittingEmptySubsequences: false).joined(separator: " ")
      }
    }
    for rule in self.pieces {
      if let found = rule.level, found > level, case .piece(let piece) = rule.phrase.form,
        text.contains(piece)
      {
        level = found
      }
    }
    return level
  }
}
