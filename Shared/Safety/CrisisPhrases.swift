/// Recognises by its phrases that a mood is more than a mood.
///
/// The first of several layers, and the only one that works without a model: precise rather than
/// complete. Thread-safe; a mood of 40 characters takes some 15 µs, one of 2,000 a millisecond, in
/// Korean three.
package struct CrisisPhrases: Sendable {
  /// Why a list can't be read, with the line at fault.
  package struct InvalidList: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
  }

  /// What a text's phrases tell.
  package struct Finding: Sendable, Hashable {
    package var level = SafetyLevel.none
    /// BCP 47, of the phrase that set the level; `nil` where none did.
    package var language: String?

    mutating func raise(to level: SafetyLevel, language: String) {
      if level > self.level { (self.level, self.language) = (level, language) }
    }
  }

  private struct Rule: Sendable {
    var phrase: Phrase
    var language: String
    /// `nil` for words that mean something else, and are passed over.
    var level: SafetyLevel?
  }

  /// By the words that a match can begin with.
  private var rules: [String: [Rule]] = [:]
  private var pieces = PieceRules()

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
      let language = parts.count > 1 ? String(parts[1]) : ""
      guard parts.count == 3, parts[0] == "mask" || (level ?? .none) != .none,
        let phrase = Phrase(parts[2])
      else {
        throw InvalidList(description: "line \(index + 1) is no rule: kind, language, pattern")
      }
      switch phrase.form {
      case .words:
        for word in phrase.firstWords {
          self.rules[word, default: []].append(
            Rule(phrase: phrase, language: language, level: level)
          )
        }
      case .piece(let piece): self.pieces.add(piece, language: language, level: level)
      }
    }
  }

  /// The level of a text in any language of the list.
  package func level(of text: String) -> SafetyLevel { self.finding(in: text).level }

  /// The level of a text, and the language of the phrase that says so.
  package func finding(in text: String) -> Finding {
    let folded = FoldedText(text)
    var words = folded.words
    for start in words.indices {
      for rule in self.rules[words[start]] ?? [] where rule.level == nil {
        guard let end = rule.phrase.end(in: words, from: start) else { continue }
        for index in start..<end { words[index] = "" }
      }
    }
    var finding = self.pieces.finding(in: folded.joined)
    for start in words.indices {
      for rule in self.rules[words[start]] ?? [] {
        guard let found = rule.level, found > finding.level,
          let end = rule.phrase.end(in: words, from: start)
        else { continue }
        let isDenied = rule.phrase.isDenied(in: words, from: start, to: end)
        finding.raise(to: isDenied ? .concern : found, language: rule.language)
      }
    }
    // Laughter lowers the level and never clears it: it is no proof of being well.
    if finding.level == .crisis, folded.laughs { finding.level = .concern }
    return finding
  }
}
