/// Reads feelings in moods and titles, offline.
package final class EmotionModel: Sendable {
  package static let name = "affect-cnn"
  package let version: String

  /// Below this score nothing was recognised.
  static let floor: Float = 0.08
  static let maxEmotions = 8

  let tokenizer: Tokenizer
  let signs: Signs
  let families: Families
  let network: FeelingNetwork
  let regression: NGramRegression
  let embeddings: EmbeddingModel
  let nouns: NounChoice
  let labels: [String]
  /// One threshold a label, 0...1, for `labelScores(of:)`.
  let thresholds: [Float]
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
    self.regression = try NGramRegression(resource, outputs: self.labels.count)
    self.embeddings = try EmbeddingModel(
      resource,
      tokenizer: self.tokenizer,
      signs: self.signs
    )
    self.nouns = NounChoice(families: self.families, embeddings: self.embeddings)
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
    var words = self.tokenizer.splitter.words(of: rest)
    var language = self.languages.language(of: words, known: { self.tokenizer.known($0) != nil })
    var scores = [Float](repeating: 0, count: self.families.names.count)
    var likeness: [Float] = []
    var coverage: Float = 1
    if language == "en" || language == Languages.unknown {
      let corrected = self.corrected(words)
      if corrected != words { language = "en" }
      words = corrected
      coverage = language == "en" ? self.coverage(of: words) : 0.3
    }
    if language == "en" {
      let vector = self.embeddings.direction(of: words)
      scores = self.english(mood, words: words, vector: vector)
      if let vector { likeness = self.nouns.vectors.map { dot($0, vector) } }
    } else if language != Languages.unknown {
      let text = self.tokenizer.splitter.plain(String(String.UnicodeScalarView(rest)))
      let found = self.languages.feelings(of: words, text: text, language: language)
      self.families.raise(&scores, to: found)
    } else if !words.contains(where: isWord) {
      coverage = 1
    }
    for sign in shown { self.families.raise(&scores, to: sign) }
    return self.reading(
      scores: scores,
      likeness: likeness,
      words: words,
      language: language,
      coverage: coverage
    )
  }

  private func reading(
    scores: [Float],
    likeness: [Float],
    words: [String],
    language: String,
    coverage: Float
  ) -> MoodReading {
    let best = scores.max() ?? 0
    guard best >= Self.floor else {
      return MoodReading(
        emotions: [EmotionScore(name: Families.neutral, intensity: 0.5)],
        confidence: Double(best * coverage),
        language: language
      )
    }
    let chosen = self.nouns.nouns(
      scores: self.settled(scores),
      likeness: likeness,
      said: words,
      count: Self.maxEmotions,
      least: 0.25
    )
    return MoodReading(
      emotions: emotions(chosen, strongest: best),
      confidence: Double(min(1, best) * coverage),
      language: language
    )
  }

  /// Quarters the scores of families that are as painful as the highest is pleasant, or the
  /// reverse, unless they come close to it: few moods are both.
  private func settled(_ scores: [Float]) -> [Float] {
    guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }) else { return scores }
    let sign = self.families.valences[best].signum()
    guard sign != 0 else { return scores }
    return scores.indices.map { place in
      let isOpposite = self.families.valences[place].signum() == -sign
      return isOpposite && scores[place] < 0.75 * scores[best]
        ? 0.25 * scores[place] : scores[place]
    }
  }

  /// - Returns: One score a family, 0...1.
  private func english(_ mood: String, words: [String], vector: [Float]?) -> [Float] {
    let seen = self.corrected(self.tokenizer.splitter.words(of: mood.unicodeScalars))
    var scores = self.network(self.tokenizer.tokens(of: seen)).families
    let idioms = self.idioms.found(in: words)
    let denials = Denials(words, families: self.families, idioms: idioms.map(\.range))
    if denials.denied.isEmpty, let vector {
      let near = self.nouns.centres.map { dot($0, vector) }
      let mean = near.reduce(0, +) / Float(near.count)
      let spread = (near.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(near.count))
        .squareRoot()
      for place in scores.indices where near[place] - mean > 1.2 * spread {
        scores[place] += 0.25 * max(0, min(1, (near[place] - 0.3) / 0.4))
      }
    }
    denials.apply(to: &scores, families: self.families)
    if !idioms.isEmpty {
      let covered = Float(Set(idioms.flatMap(\.range)).count) / Float(words.count)
      scores = scores.map { $0 * (1 - 0.5 * covered) }
    }
    for idiom in idioms { self.families.raise(&scores, to: idiom.feelings) }
    return scores.map { min(1, $0) }
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
    let intensity = min(1, max(0.01, min(1, strongest) * item.value / best))
    return EmotionScore(name: item.noun.word, intensity: Double(intensity))
  }
}
