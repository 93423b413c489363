/// Turns the families' scores into the words of an answer.
struct NounChoice: Sendable {
  /// Words of one family in an answer.
  static let perFamily = 2
  /// What a second word of a family counts for, so that the first three words tell of more than one.
  private static let secondShare: Float = 0.5
  /// What likeness to the text and being one of its words count for among a family's words.
  private static let likenessWeight: Float = 6
  private static let saidWeight: Float = 1.4

  let families: Families
  /// One unit vector a noun; empty where none is known.
  let vectors: [[Float]]
  /// Each family's nouns.
  private let places: [[Int]]
  private let placeOfWord: [String: Int]

  init(families: Families, embeddings: EmbeddingModel) {
    let vectors = families.nouns.map { embeddings.direction(of: [$0.word]) ?? [] }
    self.families = families
    self.vectors = vectors
    self.placeOfWord = Dictionary(
      families.nouns.enumerated().map { ($1.word, $0) }
    ) { first, _ in first }
    self.places = families.names.indices.map { family in
      families.nouns.indices.filter { families.nouns[$0].family == family }
    }
  }

  /// Chooses words of the highest families, at most two of each.
  ///
  /// - Parameters:
  ///   - scores: One score a family, 0 or more.
  ///   - direction: The text's unit vector; nouns near it are preferred within a family.
  ///   - said: The text's own words, which are preferred within a family.
  ///   - count: How many words are wanted.
  ///   - least: The share of the best score below which a word is left out.
  /// - Returns: At most `count` words with what they score, the highest first.
  func nouns(
    scores: [Float],
    direction: [Float]?,
    said: [String],
    count: Int,
    least: Float
  ) -> [(noun: Families.Noun, value: Float)] {
    // Below 0 a noun is out: its family scores too little, or it has been used.
    var values = [Float](repeating: -1, count: self.families.nouns.count)
    let said = Set(said.compactMap { self.placeOfWord[$0] })
    let lowest = least * scores.reduce(0, max)
    // The text's words and direction choose among a family's words, never between families.
    for (score, places) in zip(scores, self.places) where score >= lowest {
      for place in places {
        let near = direction.map { max(0, min(1, dot(self.vectors[place], $0))) } ?? 0
        values[place] =
          self.families.nouns[place].weight * (1 + Self.likenessWeight * near)
          * (said.contains(place) ? Self.saidWeight : 1)
      }
      let best = places.reduce(0) { max($0, values[$1]) }
      for place in places { values[place] *= score / max(best, 1e-6) }
    }
    var used = [Int](repeating: 0, count: self.families.names.count)
    var stems: Set<Substring> = []
    var lowered: Set<Int> = []
    var found: [(noun: Families.Noun, value: Float)] = []
    var best: Float = 0
    while found.count < count {
      guard let place = highest(values), values[place] >= 0 else { break }
      let noun = self.families.nouns[place]
      if found.isEmpty { best = values[place] }
      if values[place] < least * best { break }
      let stem = noun.word.prefix(5)
      if stems.contains(stem), !lowered.contains(place) {
        lowered.insert(place)
        values[place] *= 0.3
        continue
      }
      stems.insert(stem)
      found.append((noun, values[place]))
      used[noun.family] += 1
      let share: Float = used[noun.family] < Self.perFamily ? Self.secondShare : -1
      for other in self.places[noun.family] { values[other] *= values[other] < 0 ? 1 : share }
      values[place] = -1
    }
    return found
  }
}

/// - Returns: The place of the highest value, the first of equals.
private func highest(_ values: [Float]) -> Int? {
  guard var best = values.indices.first else { return nil }
  for place in values.indices where values[place] > values[best] { best = place }
  return best
}
