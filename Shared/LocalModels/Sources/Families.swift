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
  /// Whether each family is pleasant, 1, painful, -1, or neither, 0.
  let signs: [Float]
  /// For each family those that are left where it is denied.
  let opposites: [[Int]]
  let nouns: [Noun]
  /// Lower-case word or tag -> family; "neutral" is a family here.
  private let familyOfWord: [String: String]
  private let placeOfWord: [String: Int]

  init(_ resource: ModelResource) throws(LocalModelError) {
    let names = try resource.rows("FAMS").map { $0[0] }
    let places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    var valences = [Int](repeating: 0, count: names.count)
    var nouns: [Noun] = []
    var opposites = [[Int]](repeating: [], count: names.count)
    var familyOfWord = [Self.neutral: Self.neutral]
    for row in try resource.rows("WORD", columns: 2) {
      familyOfWord[row[0]] = row[1]
    }
    for row in try resource.rows("TERM", columns: 5) {
      guard let place = places[row[0]], let valence = Int(row[1]) else {
        throw LocalModelError(.malformed, "section TERM names the family \(row[0])")
      }
      valences[place] = valence
      opposites[place] = row[4].parts(",").compactMap { places[$0] }
      for (rank, word) in row[3].parts(",").enumerated() {
        let weight = max(0.5, 1 - 0.08 * Float(rank))
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
    self.signs = valences.map { Float($0.signum()) }
    self.nouns = nouns
    self.opposites = opposites
    familyOfWord.merge(names.map { ($0, $0) }) { known, _ in known }
    self.placeOfWord = familyOfWord.compactMapValues { places[$0] }
    // Tags belong to families, but a mood that says one ("drama") does not name the feeling.
    let tags = try resource.rows("TAGS", columns: 2).map { ($0[0], $0[1]) }
    self.familyOfWord = familyOfWord.merging(tags) { known, _ in known }
  }

  /// The family a word belongs to, in any case; "neutral" for itself.
  func family(of word: String) -> String? {
    self.familyOfWord[word.lowercased()]
  }

  /// All words that name a family, in alphabetical order.
  var namingWords: [String] { self.placeOfWord.keys.sorted() }

  /// The place of the family a lower-case word or its singular belongs to.
  func place(of word: String) -> Int? {
    if let place = self.placeOfWord[word] { return place }
    return word.utf8.last == UInt8(ascii: "s") ? self.placeOfWord[String(word.dropLast())] : nil
  }

  /// Raises each family's score to `factor` times what `weights` say.
  func raise(_ scores: inout [Float], to weights: [NamedWeight], times factor: Float = 1) {
    for item in weights {
      guard let place = self.places[item.name] else { continue }
      scores[place] = max(scores[place], item.weight * factor)
    }
  }
}
