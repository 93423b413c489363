/// Tells a text's language by its script and little words, and reads feelings in other languages.
struct Languages: Sendable {
  /// The language of a text that is in none known.
  static let unknown = "und"

  /// What a word is in one language.
  private struct Sense: Sendable {
    var language: Int
    var isCommon = false
    var isDenying = false
    var feelings: [NamedWeight] = []
  }

  private let codes: [String]
  private let senses: [String: [Sense]]
  /// Phrases of several words, and words of scripts that do not part words, of each language.
  private let phrases: [[(text: String, feelings: [NamedWeight])]]

  init(_ resource: ModelResource) throws(LocalModelError) {
    let rows = try resource.rows("LANG", columns: 3)
    let codes = Set(rows.map { $0[0] }).sorted()
    let places = Dictionary(codes.enumerated().map { ($1, $0) }) { first, _ in first }
    var senses: [String: [Sense]] = [:]
    var phrases = [[(text: String, feelings: [NamedWeight])]](repeating: [], count: codes.count)
    func update(_ word: String, _ language: Int, _ change: (inout Sense) -> Void) {
      var known = senses[word] ?? []
      let place = known.firstIndex { $0.language == language } ?? known.count
      if place == known.count { known.append(Sense(language: language)) }
      change(&known[place])
      senses[word] = known
    }
    for row in rows {
      guard let language = places[row[0]] else { continue }
      switch row[1] {
      case "common":
        for word in row[2].parts(" ") { update(word, language) { $0.isCommon = true } }
      case "not":
        for word in row[2].parts(" ") { update(word, language) { $0.isDenying = true } }
      default:
        let feelings = NamedWeight.list(row[1])
        let isUnparted = unparted.contains(codes[language])
        for word in row[2].parts(",") {
          if isUnparted || word.utf8.contains(0x20) {
            phrases[language].append((word, feelings))
          } else {
            update(word, language) { $0.feelings = feelings }
          }
        }
      }
    }
    self.codes = codes
    self.senses = senses
    self.phrases = phrases
  }

  /// Tells in which language a text is.
  ///
  /// - Parameters:
  ///   - words: The text's words and symbols.
  ///   - known: Whether an English model knows a word.
  /// - Returns: A BCP 47 code; "und" if neither script nor words tell.
  func language(of words: [String], known: (String) -> Bool) -> String {
    let letters = words.prefix(500).filter(isWord)
    guard !letters.isEmpty else { return Self.unknown }
    if let code = scriptLanguage(of: letters) { return code }
    let english = Float(letters.count { englishCommon.contains($0) })
    let knownWords = letters.map(known)
    let knownShare = Float(knownWords.count(where: \.self)) / Float(letters.count)
    var votes = [Float](repeating: 0, count: self.codes.count)
    for (word, isKnown) in zip(letters, knownWords) {
      for sense in self.senses[word] ?? [] {
        if sense.isCommon, !alsoEnglish.contains(word) { votes[sense.language] += 1 }
        if !sense.feelings.isEmpty, !isKnown { votes[sense.language] += 1.5 }
      }
    }
    let best = votes.max() ?? 0
    if best >= 1, best > english, best >= 2 || knownShare < 0.7,
      let language = votes.firstIndex(of: best)
    {
      return self.codes[language]
    }
    return knownShare > 0.5 || english > 0 ? "en" : Self.unknown
  }

  /// - Returns: The feelings that words of `language` name, without those denied.
  func feelings(of words: [String], text: String, language: String) -> [NamedWeight] {
    guard let place = self.codes.firstIndex(of: language) else { return [] }
    let senses = words.map { self.sense(of: $0, in: place) }
    var found: [NamedWeight] = []
    for (position, sense) in senses.enumerated() {
      guard let sense, !sense.feelings.isEmpty else { continue }
      let before = senses[max(0, position - 3)..<position]
      let after = deniesBehind.contains(language) ? senses[(position + 1)...].prefix(1) : []
      if before.contains(where: { $0?.isDenying == true }) { continue }
      if after.contains(where: { $0?.isDenying == true }) { continue }
      found += sense.feelings
    }
    for phrase in self.phrases[place] where text.contains(phrase.text) { found += phrase.feelings }
    return found
  }

  private func sense(of word: String, in language: Int) -> Sense? {
    let isForm = word.hasSuffix("s") || word.hasSuffix("e")
    let senses = self.senses[word] ?? (isForm ? self.senses[String(word.dropLast())] : nil)
    return senses?.first { $0.language == language }
  }
}

/// Languages whose words have no spaces between them, or endings of many forms.
private let unparted: Set<String> = ["ja", "zh", "ko"]
private let deniesBehind: Set<String> = ["de", "nl"]
private let englishCommon: Set<String> = [
  "i", "am", "is", "the", "a", "an", "my", "and", "to", "of", "in", "it", "so", "not", "you",
  "was", "me", "for", "this", "that", "feel", "at", "on", "with", "we", "do", "have", "are", "be",
  "just", "what", "like", "all", "up", "want", "something", "can", "but", "no", "he", "she", "they",
]
/// Little words of other languages that are English words too.
private let alsoEnglish: Set<String> = [
  "a", "me", "no", "so", "am", "i", "as", "on", "do", "in", "is", "die", "war", "was", "man",
  "film", "we", "son", "want", "all", "at", "an", "her",
]
