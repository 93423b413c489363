/// What a mood says it is not.
struct Denials: Sendable {
  /// Families whose words are denied ("not happy").
  var denied: Set<Int> = []
  /// Families whose words stand beyond doubt ("never been happier", or simply "happy").
  var affirmed: Set<Int> = []

  /// Words that a denial reaches across.
  private static let reach = 4

  /// Reads English words; `idioms` are where denying words deny nothing.
  init(_ words: [String], families: Families, idioms: [Range<Int>]) {
    var quiet = Set(idioms.flatMap(\.self))
    for (place, word) in words.enumerated() where deniers.contains(word) && !quiet.contains(place) {
      let following = words[(place + 1)...].prefix(Self.reach + 1)
      if following.first.map(openers.contains) == true { continue }
      var isPeak = word == "never" && following.contains("so")
      for (next, other) in zip(following.indices, following) {
        if closers.contains(other) || !isWord(other) { break }
        if quiet.contains(next) { continue }
        if other == "more" || other == "better" { isPeak = true }
        guard let family = families.place(of: other) else {
          continue
        }
        quiet.insert(next)
        if isPeak {
          self.affirmed.insert(family)
        } else {
          self.denied.insert(family)
        }
      }
    }
    for (place, word) in words.enumerated() where !quiet.contains(place) {
      if let family = families.place(of: word) {
        self.affirmed.insert(family)
      }
    }
  }

  /// Lowers the denied families and those as pleasant as they, unless affirmed; raises opposites and what is affirmed.
  ///
  /// - Parameters:
  ///   - scores: One score a family, 0 or more.
  ///   - families: The families that the scores are of.
  ///   - strength: What a certain feeling scores, 1 or more; what is affirmed rises to 0.6 of it, opposites
  ///     to 0.4.
  func apply(to scores: inout [Float], families: Families, strength: Float) {
    guard !self.denied.isEmpty else { return }
    let signs = Set(self.denied.map { families.signs[$0] })
    for place in scores.indices where !self.affirmed.contains(place) {
      if self.denied.contains(place) {
        scores[place] *= 0.1
      } else if signs.count == 1, signs.contains(families.signs[place]) {
        scores[place] *= 0.4
      }
    }
    for place in self.affirmed { scores[place] = max(scores[place], 0.6 * strength) }
    for place in self.denied.subtracting(self.affirmed).flatMap({ families.opposites[$0] }) {
      scores[place] = max(scores[place], 0.4 * strength)
    }
  }
}

private let deniers: Set<String> = [
  "not", "never", "no", "without", "hardly", "barely", "nothing", "nobody", "none", "neither",
  "nor", "less", "stopped", "lack",
]
/// After a denial these open a phrase that denies nothing ("not only", "no wonder").
private let openers: Set<String> = ["only", "just", "wonder", "doubt", "matter", "sure"]
private let closers: Set<String> = ["but", "because", "and", "just", "though", "although", "yet"]
