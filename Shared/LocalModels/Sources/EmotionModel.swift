/// Reads feelings in moods and titles, offline.
package final class EmotionModel: Sendable {
  package static let name = "affect-cnn"
  package let version: String

  /// Below this score nothing was recognised.
  static let floor: Float = 0.08
  static let maxEmotions = 8
  /// The share of the regression in a family's log-odds, the rest being the network's.
  private static let regressionShare: Float = 0.2
  /// What a label's probability adds to the score of its family.
  private static let labelWeight: Float = 0.75
  /// A family of the other sign than the highest is left out below this share of its score.
  private static let leastOfOtherSign: Float = 0.95
  /// A word is left out below this share of the first one's score.
  private static let least: Float = 0.02

  let tokenizer: Tokenizer
  let signs: Signs
  let families: Families
  let network: FeelingNetwork
  let labelRegression: NGramRegression
  let familyRegression: NGramRegression
  let embeddings: EmbeddingModel
  let nouns: NounChoice
  let labels: [String]
  /// One threshold a label, 0...1, for `labelScores(of:)`.
  let thresholds: [Float]
  /// The family of each label; none for "neutral".
  private let familiesOfLabels: [Int?]
  private let idioms: Idioms
  private let languages: Languages
  private let typingErrors: TypingErrors
  let titles: TitleReader

  package init(_ resource: ModelResource) throws(LocalModelError) {
    self.version = resource.version
    self.tokenizer = try Tokenizer(resource)
    self.signs = try Signs(resource)
    self.families = try Families(resource)
    self.labels = try resource.rows("LBLS").map { $0[0] }
    self.thresholds = try resource.floats("THRS", count: self.labels.count)
    self.network = try FeelingNetwork(
      resource,
      vocabulary: self.tokenizer.count,
      labels: self.labels.count,
      families: self.families.names.count
    )
    self.labelRegression = try NGramRegression(resource, tag: "GRAM", outputs: self.labels.count)
    self.familyRegression = try NGramRegression(
      resource,
      tag: "GRAF",
      outputs: self.families.names.count
    )
    self.embeddings = try EmbeddingModel(
      resource,
      tokenizer: self.tokenizer,
      signs: self.signs
    )
    self.nouns = NounChoice(families: self.families, embeddings: self.embeddings)
    let families = self.families
    self.familiesOfLabels = self.labels.map { label in
      families.family(of: label).flatMap { families.places[$0] }
    }
    self.idioms = try Idioms(resource)
    self.languages = try Languages(resource)
    self.typingErrors = TypingErrors(self.families.namingWords)
    self.titles = try TitleReader(resource, families: self.families)
  }

  /// The family a word belongs to: one of 40 or "neutral".
  package func family(of word: String) -> String? {
    self.families.family(of: word)
  }

  /// Reads what a mood, in any language, says its author feels or wants to feel.
  ///
  /// Never empty: "neutral" with a low confidence where nothing is recognised.
  package func reading(of mood: String) -> MoodReading {
    let (rest, shown) = self.signs.split(mood)
    // As they stand, since other languages' little words look like English slang ("wat", "im").
    var words = self.tokenizer.splitter.words(of: rest, isSpelled: false)
    var language = self.language(of: words)
    var scores = [Float](repeating: 0, count: self.families.names.count)
    var direction: [Float]?
    var coverage: Float = 1
    if language == "en" || language == Languages.unknown {
      if words.contains(where: self.tokenizer.splitter.spells) {
        words = self.tokenizer.splitter.words(of: rest)
        if language != "en" { language = self.language(of: words) }
      }
      let corrected = self.corrected(words)
      if corrected != words { language = "en" }
      words = corrected
      coverage = language == "en" ? self.coverage(of: words) : 0.3
    }
    if language == "en" {
      // The network knows some signs too.
      let seen =
        shown.isEmpty
        ? words : self.corrected(self.tokenizer.splitter.words(of: mood.unicodeScalars))
      scores = self.english(seen, words: words)
      direction = self.embeddings.direction(of: words)
    } else if language != Languages.unknown {
      let text = self.tokenizer.splitter.plain(String(String.UnicodeScalarView(rest)))
      let found = self.languages.feelings(of: words, text: text, language: language)
      self.families.raise(&scores, to: found)
    } else if !words.contains(where: isWord) {
      coverage = 1
    }
    let strength = Self.strength(of: scores)
    for sign in shown { self.families.raise(&scores, to: sign, times: strength) }
    return self.reading(
      scores: scores,
      direction: direction,
      words: words,
      language: language,
      coverage: coverage
    )
  }

  private func language(of words: [String]) -> String {
    self.languages.language(
      of: words,
      known: { self.tokenizer.known($0) != nil },
      isSlang: self.tokenizer.splitter.spells
    )
  }

  private func reading(
    scores: [Float],
    direction: [Float]?,
    words: [String],
    language: String,
    coverage: Float
  ) -> MoodReading {
    let best = min(1, scores.reduce(0, max))
    guard best >= Self.floor else {
      return MoodReading(
        emotions: [EmotionScore(name: Families.neutral, intensity: 0.5)],
        confidence: Double(best * coverage),
        language: language
      )
    }
    let chosen = self.nouns.nouns(
      scores: self.settled(scores),
      direction: direction,
      said: words,
      count: Self.maxEmotions,
      least: Self.least
    )
    return MoodReading(
      emotions: emotions(chosen, strongest: best),
      confidence: Double(best * coverage),
      language: language
    )
  }

  /// Lowers families that are as painful as the mood is pleasant, or the reverse: few moods are both.
  private func settled(_ raw: [Float]) -> [Float] {
    let signs = self.families.signs
    let balance = zip(raw, signs).reduce(0) { $0 + $1.0 * $1.1 }
    let mass = zip(raw, signs).reduce(0) { $0 + $1.0 * abs($1.1) }
    let scores = zip(raw, signs).map { score, sign in
      let share = 1 - max(0, -sign * balance / max(mass, 1e-6))
      return score * share * share
    }
    guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }) else { return scores }
    return scores.indices.map { place in
      let isOpposite = signs[place] * signs[best] < 0
      return isOpposite && scores[place] < Self.leastOfOtherSign * scores[best] ? 0 : scores[place]
    }
  }

  /// - Returns: One score a family, 0 or more; above 1 where a label and the family agree, and in what idioms
  ///   and denials raise to as much.
  private func english(_ seen: [String], words: [String]) -> [Float] {
    let read = self.network(self.tokenizer.tokens(of: seen))
    let ngrams = NGrams(seen)
    var scores = zip(read.families, self.familyRegression(ngrams)).map { read, odds in
      sigmoid((1 - Self.regressionShare) * logit(read) + Self.regressionShare * odds)
    }
    for (place, score) in zip(self.familiesOfLabels, self.labelScores(read, ngrams: ngrams)) {
      if let place { scores[place] += Self.labelWeight * score }
    }
    let strength = Self.strength(of: scores)
    let idioms = self.idioms.found(in: words)
    let denials = Denials(words, families: self.families, idioms: idioms.map(\.range))
    denials.apply(to: &scores, families: self.families, strength: strength)
    if !idioms.isEmpty {
      let covered = Float(Set(idioms.flatMap(\.range)).count) / Float(words.count)
      scores = scores.map { $0 * (1 - 0.5 * covered) }
    }
    for idiom in idioms { self.families.raise(&scores, to: idiom.feelings, times: strength) }
    return scores
  }

  /// - Returns: What a sign's, idiom's or denial's weight of 1 raises a family to, 1 or more: as much as
  ///   the text is surest of, so that a sure reading does not outweigh what is said.
  private static func strength(of scores: [Float]) -> Float {
    scores.reduce(1, max)
  }

  /// - Returns: The probability of each label, 0...1: both readers' log-odds count the same.
  func labelScores(_ read: Feelings, ngrams: NGrams) -> [Float] {
    zip(read.labels, self.labelRegression(ngrams)).map { sigmoid((logit($0) + $1) / 2) }
  }

  /// - Returns: The words, mistyped ones replaced by the words for feelings they stand for.
  private func corrected(_ words: [String]) -> [String] {
    words.map { self.tokenizer.known($0) ?? self.typingErrors.meant(by: $0) ?? $0 }
  }

  /// - Returns: How much of the text is words the model knows, 0.3...1.
  private func coverage(of words: [String]) -> Float {
    let letters = words.filter(isWord)
    guard !letters.isEmpty else { return 1 }
    let known = Float(letters.count { self.tokenizer.known($0) != nil }) / Float(letters.count)
    return 0.3 + 0.7 * known
  }
}

/// Scales what nouns score so that the strongest is felt as strongly as `strongest`, 0...1.
func emotions(
  _ chosen: [(noun: Families.Noun, value: Float)],
  strongest: Float
) -> [EmotionScore] {
  let best = max(chosen.first?.value ?? 1, 1e-6)
  return chosen.map { item in
    let intensity = max(0.01, strongest * item.value / best)
    return EmotionScore(name: item.noun.word, intensity: Double(intensity))
  }
}
