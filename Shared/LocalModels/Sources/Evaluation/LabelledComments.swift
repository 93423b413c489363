/// Comments with GoEmotions' labels.
package struct LabelledComments: Sendable {
  package let texts: [String]
  /// The places of each comment's labels.
  private let actual: [Set<Int>]

  /// Reads lines of text, comma-separated label numbers and an id, tabs between.
  ///
  /// At most `limit` rows are read.
  package init(_ tsv: String, limit: Int? = nil) throws(Evaluation.Malformed) {
    var texts: [String] = []
    var actual: [Set<Int>] = []
    for line in tsv.split(whereSeparator: \.isNewline).prefix(limit ?? .max) {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      let labels =
        fields.count < 2 ? [] : Set(fields[1].split(separator: ",").compactMap { Int($0) })
      guard !labels.isEmpty, labels.allSatisfy(GoEmotions.labels.indices.contains) else {
        throw Evaluation.Malformed(
          description: "not a line of text, labels and id: \(line.prefix(80))"
        )
      }
      texts.append(unmasked(fields[0]))
      actual.append(labels)
    }
    self.texts = texts
    self.actual = actual
  }

  /// Judges the network's and the regressions' probabilities with the thresholds that are shipped.
  package func judged(_ model: EmotionModel) -> Evaluation.Comments {
    self.judged(self.texts.map(model.labelScores(of:)), thresholds: model.thresholds)
  }

  /// Judges emotions, each counting for the label it is called by or its family is nearest to.
  ///
  /// Those of half strength are taken as said.
  package func judged(
    _ answers: [[EmotionScore]],
    model: EmotionModel
  ) -> Evaluation.Comments {
    let scores = answers.map { emotions in
      var scores = [Float](repeating: 0, count: GoEmotions.labels.count)
      for emotion in emotions {
        let label =
          GoEmotions.label(of: emotion.name)
          ?? GoEmotions.label(of: model.nearestFamily(of: emotion.name))
        if let label { scores[label] = max(scores[label], Float(emotion.intensity)) }
      }
      return scores
    }
    var found = self.judged(scores, thresholds: scores.first.map { $0.map { _ in 0.499 } } ?? [])
    found.unanswered = answers.count(where: \.isEmpty)
    return found
  }

  private func judged(_ scores: [[Float]], thresholds: [Float]) -> Evaluation.Comments {
    let predicted = scores.map { row in
      Set(row.indices.filter { row[$0] > thresholds[$0] })
    }
    func tallies(_ groups: [Set<Int>]) -> [Tally] {
      groups.map { group in
        zip(predicted, self.actual).reduce(into: Tally()) { tally, row in
          tally.add(
            predicted: !row.0.isDisjoint(with: group),
            actual: !row.1.isDisjoint(with: group)
          )
        }
      }
    }
    let labels = GoEmotions.labels
    let each = tallies(labels.indices.map { [$0] })
    return Evaluation.Comments(
      macroF1: each.map(\.f1).mean,
      microF1: each.reduce(into: Tally()) { $0.add($1) }.f1,
      perLabel: Dictionary(zip(labels, each.map(\.f1))) { first, _ in first },
      ekmanMacroF1: tallies(GoEmotions.ekmanGroups).map(\.f1).mean,
      sentimentMacroF1: tallies(GoEmotions.sentiments).map(\.f1).mean,
      mAP: labels.indices.map { label in
        averagePrecision(scores.map { $0[label] }, self.actual.map { $0.contains(label) })
      }.mean,
      unanswered: 0
    )
  }
}

extension EmotionModel {
  /// - Returns: One probability for each GoEmotions label, 0...1.
  func labelScores(of text: String) -> [Float] {
    let words = self.tokenizer.splitter.words(of: text.unicodeScalars)
    return self.labelScores(self.network(self.tokenizer.tokens(of: words)), ngrams: NGrams(words))
  }
}

/// The mean, over the rows that are right, of the share of right ones among those scored as high.
private func averagePrecision(_ scores: [Float], _ isRight: [Bool]) -> Double {
  let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
  var hits = 0
  var sum = 0.0
  for (rank, row) in order.enumerated() where isRight[row] {
    hits += 1
    sum += Double(hits) / Double(rank + 1)
  }
  return hits == 0 ? 0 : sum / Double(hits)
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
