/// Tells a text's language by its script and little words, and reads feelings in other languages.
struct Languages: Sendable {
  /// The language of a text that is in none known.
  static let unknown = "und"

  /// What a word can be in one language.
  private struct Sense: Sendable {
    enum Kind: Sendable, Hashable {
      case common
      case denying
      /// As a section writes them: "name:weight,name:weight".
      case feelings(String)
    }

    var language: Int
    var kind: Kind
  }

  private let codes: [String]
  private let senses: [Sense]
  /// Words, and for each where its places in `senses` begin among `places`; one more at the end.
  private let words: HashedRows
  private let starts: [UInt32]
  private let places: [UInt16]
  /// For each language, phrases that words can't be looked up for, by their places in `senses`.
  private let phrases: [PhraseIndex]

  /// Reads section LANG, a row a sense with its phrases, and section LANX, the words of all senses.
  init(_ resource: ModelResource) throws(LocalModelError) {
    let rows = try resource.rows("LANG", columns: 3)
    let codes = Set(rows.map { $0[0] }).sorted()
    let languages = Dictionary(codes.enumerated().map { ($1, $0) }) { first, _ in first }
    var phrases = [PhraseIndex](repeating: PhraseIndex(), count: codes.count)
    var senses: [Sense] = []
    for row in rows {
      let language = languages[row[0]] ?? 0
      let kind: Sense.Kind =
        row[1] == "common" ? .common : row[1] == "not" ? .denying : .feelings(row[1])
      for phrase in row[2].parts(",") { phrases[language].add(phrase, number: senses.count) }
      senses.append(Sense(language: language, kind: kind))
    }
    var reader = try resource.reader("LANX")
    self.words = try HashedRows(&reader)
    self.starts = try reader.integers(self.words.count + 1)
    self.places = try reader.integers(reader.remaining / 2)
    try reader.end()
    let (starts, places) = (self.starts, self.places)
    guard zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 }), starts.first == 0,
      starts.last == UInt32(places.count), places.allSatisfy({ Int($0) < senses.count })
    else { throw LocalModelError(.malformed, "sections LANG and LANX do not fit together") }
    self.codes = codes
    self.senses = senses
    self.phrases = phrases
  }

  /// Tells in which language a text is.
  ///
  /// - Parameters:
  ///   - words: The text's words and symbols, as they stand.
  ///   - known: Whether an English model knows a word.
  ///   - isSlang: Whether a word is English slang ("w", "im"), which counts for another language only
  ///     beside words of it that are not.
  /// - Returns: A BCP 47 code; "und" if neither script nor words tell.
  func language(
    of words: [String],
    known: (String) -> Bool,
    isSlang: (String) -> Bool
  ) -> String {
    let letters = words.prefix(500).filter(isWord)
    guard !letters.isEmpty else { return Self.unknown }
    if let code = scriptLanguage(of: letters) { return code }
    let english = Float(letters.count { englishCommon.contains($0) })
    let knownWords = letters.map(known)
    let knownShare = Float(knownWords.count(where: \.self)) / Float(letters.count)
    var votes = [Float](repeating: 0, count: self.codes.count)
    var slangVotes = votes
    for (word, isKnown) in zip(letters, knownWords) {
      for sense in self.senses(of: word) {
        switch sense.kind {
        case .common where isSlang(word): slangVotes[sense.language] += 1
        case .common where !alsoEnglish.contains(word): votes[sense.language] += 1
        case .feelings where !isKnown: votes[sense.language] += 1.5
        default: continue
        }
      }
    }
    for place in votes.indices where votes[place] > 0 { votes[place] += slangVotes[place] }
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
    let senses = words.map { self.kinds(of: $0, in: place) }
    var found: [NamedWeight] = []
    for (position, kinds) in senses.enumerated() {
      let before = max(0, position - 3)..<position
      let after = (position + 1..<senses.count).prefix(deniesBehind.contains(language) ? 1 : 0)
      let denies = { (place: Int) in
        senses[place].contains(.denying) || denyingWords[language]?.contains(words[place]) == true
      }
      // Emoji that say no are frustrated, and share their words with other denials.
      if ([position] + before + after).contains(where: denies) { continue }
      for case .feelings(let feelings) in kinds { found += NamedWeight.list(feelings) }
    }
    let scalars = Array(" \(text)".unicodeScalars)
    let denials = UnspacedDenials.of(language)
    for match in self.phrases[place].matches(in: scalars) {
      guard case .feelings(let feelings) = self.senses[match.number].kind,
        denials?.deny(match.range, in: scalars) != true
      else { continue }
      found += NamedWeight.list(feelings)
    }
    return found
  }

  private func kinds(of word: String, in language: Int) -> [Sense.Kind] {
    let isForm = word.hasSuffix("s") || word.hasSuffix("e")
    var senses = self.senses(of: word)
    if senses.isEmpty, isForm { senses = self.senses(of: String(word.dropLast())) }
    return senses.filter { $0.language == language }.map(\.kind)
  }

  private func senses(of word: String) -> [Sense] {
    guard let row = self.words.row(of: WordHash(word.utf8)) else { return [] }
    return self.places[Int(self.starts[row])..<Int(self.starts[row + 1])].map {
      self.senses[Int($0)]
    }
  }
}

private let deniesBehind: Set<String> = ["de", "nl", "hi", "tr"]
/// Of languages whose lists name none, as words are spelled here: Hindi's without vowel signs.
private let denyingWords: [String: Set<String>] = [
  "ar": ["لا", "لست", "ليس", "مش", "مو", "غير"],
  "cs": ["ne", "neni", "nejsem", "nejsi", "nikdy", "bez"],
  "da": ["ikke", "aldrig", "uden"],
  "el": ["δεν", "δε", "ουτε", "χωρις"],
  "fi": ["en", "et", "ei", "emme", "ette", "eivat"],
  "hi": ["नह"],
  "ko": ["안", "못", "않아", "않아요", "없어", "없어요", "없다"],
  "tr": ["degil", "degilim", "degiliz", "degilsin"],
  "uk": ["не", "ні", "без"],
]
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
