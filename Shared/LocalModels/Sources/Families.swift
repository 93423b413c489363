/// The families of feelings, and the words that name them.
struct Families: Sendable {
  /// The family of a text that shows no feeling; not among `names`.
  static let neutral = "neutral"

  /// One way to name a family.
  struct Noun: Sendable {
    var word: String
    /// The family's place in `names`.
    var family: Int
    /// How usual the word is among its family's, 0...1.
    var weight: Float
  }

  let names: [String]
  let places: [String: Int]
  /// How pleasant each family is, -2...2.
  let valences: [Int]
  let nouns: [Noun]
  private let familyOfWord: [String: String]

  init(_ resource: ModelResource) throws(LocalModelError) {
    let names = try resource.rows("FAMS").map { $0[0] }
    let places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    var valences = [Int](repeating: 0, count: names.count)
    var nouns: [Noun] = []
    var familyOfWord = [Self.neutral: Self.neutral]
    for row in try resource.rows("WORD", columns: 2) {
      familyOfWord[row[0]] = row[1]
    }
    for row in try resource.rows("TERM", columns: 4) {
      guard let place = places[row[0]], let valence = Int(row[1]) else {
        throw LocalModelError(.malformed, "section TERM names the family \(row[0])")
      }
      valences[place] = valence
      for (rank, word) in row[3].parts(",").enumerated() {
        let weight = max(0.7, 1 - 0.04 * Float(rank))
        nouns.append(Noun(word: word, family: place, weight: weight))
        familyOfWord[word] = names[place]
      }
    }
    guard Set(nouns.map(\.family)).count == names.count, names.count == places.count else {
      throw LocalModelError(.malformed, "section TERM does not name every family")
    }
    self.names = names
    self.places = places
    self.valences = valences
    self.nouns = nouns
    self.familyOfWord = familyOfWord.merging(names.map { ($0, $0) }) { known, _ in known }
  }

  /// The family a word belongs to, in any case; "neutral" for itself.
  func family(of word: String) -> String? {
    self.familyOfWord[word.lowercased()]
  }

  /// Raises each family's score to what `weights` say.
  func raise(_ scores: inout [Float], to weights: [NamedWeight], times factor: Float = 1) {
    for item in weights {
      guard let place = self.places[item.name] else { continue }
      scores[place] = max(scores[place], item.weight * factor)
    }
  }
}
