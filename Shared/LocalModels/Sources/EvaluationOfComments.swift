extension Evaluation {
  /// Judges the 28 labels on a GoEmotions split.
  ///
  /// `tsv` has lines of text, comma-separated label indices and an id, tabs between.
  package static func comments(_ tsv: String, model: EmotionModel) throws(Malformed) -> Comments {
    let count = model.labels.count
    var tallies = [Tally](repeating: Tally(), count: count)
    var ekman = [Tally](repeating: Tally(), count: ekmanGroups.count)
    let groups = ekmanGroups.map { group in
      Set(group.compactMap { model.labels.firstIndex(of: $0) })
    }
    for line in tsv.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      let actual =
        fields.count < 2 ? [] : Set(fields[1].split(separator: ",").compactMap { Int($0) })
      guard !actual.isEmpty, actual.allSatisfy((0..<count).contains) else {
        throw Malformed(description: "not a line of text, labels and id: \(line.prefix(80))")
      }
      let scores = model.labelScores(of: unmasked(fields[0]))
      let predicted = Set(scores.indices.filter { scores[$0] > model.thresholds[$0] })
      for label in 0..<count {
        tallies[label].add(predicted: predicted.contains(label), actual: actual.contains(label))
      }
      for (place, group) in groups.enumerated() {
        ekman[place].add(
          predicted: !predicted.isDisjoint(with: group),
          actual: !actual.isDisjoint(with: group)
        )
      }
    }
    let all = tallies.reduce(into: Tally()) { $0.add($1) }
    return Comments(
      macroF1: tallies.map(\.f1).mean,
      microF1: all.f1,
      perLabel: Dictionary(zip(model.labels, tallies.map(\.f1))) { first, _ in first },
      ekmanMacroF1: ekman.map(\.f1).mean
    )
  }
}

extension EmotionModel {
  /// - Returns: One probability for each GoEmotions label, 0...1.
  func labelScores(of text: String) -> [Float] {
    let words = self.tokenizer.splitter.words(of: text.unicodeScalars)
    return self.network(self.tokenizer.tokens(of: words)).labels
  }
}

/// Counts of one label.
private struct Tally {
  var hits = 0
  var predicted = 0
  var actual = 0

  var f1: Double { LocalModels.f1(hits: self.hits, predicted: self.predicted, actual: self.actual) }

  mutating func add(predicted: Bool, actual: Bool) {
    self.hits += predicted && actual ? 1 : 0
    self.predicted += predicted ? 1 : 0
    self.actual += actual ? 1 : 0
  }

  mutating func add(_ other: Tally) {
    self.hits += other.hits
    self.predicted += other.predicted
    self.actual += other.actual
  }
}

/// Puts words where GoEmotions hides names and religions, as in training.
private func unmasked(_ text: Substring) -> String {
  text.split(separator: "[NAME]", omittingEmptySubsequences: false).joined(separator: "someone")
    .split(separator: "[RELIGION]", omittingEmptySubsequences: false).joined(separator: "religion")
}

/// The labels of each of Ekman's emotions, and of neutral.
///
/// Source: google-research/goemotions/data/ekman_mapping.json
private let ekmanGroups = [
  ["anger", "annoyance", "disapproval"], ["disgust"], ["fear", "nervousness"],
  [
    "joy", "amusement", "approval", "excitement", "gratitude", "love", "optimism", "relief",
    "pride", "admiration", "desire", "caring",
  ],
  ["sadness", "disappointment", "embarrassment", "grief", "remorse"],
  ["surprise", "realization", "confusion", "curiosity"], ["neutral"],
]
