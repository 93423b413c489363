/// How well a model does on labelled data, in figures that are comparable over time and between
/// providers.
package enum Evaluation {
  /// Labelled comments: GoEmotions' 28 labels.
  package struct Comments: Sendable, Codable {
    package var macroF1: Double
    package var microF1: Double
    package var perLabel: [String: Double]
    /// Macro-F1 over Ekman's six emotions and neutral, the labels mapped as GoEmotions' authors do.
    package var ekmanMacroF1: Double
    /// Macro-F1 over positive, negative, ambiguous and neutral, mapped in the same way.
    package var sentimentMacroF1: Double
    /// The mean over the labels of the average precision of the scores; knows no thresholds.
    package var mAP: Double
    package var unanswered: Int
  }

  /// Tagged titles.
  package struct Titles: Sendable, Codable {
    /// The share of the 8 emotions given that are among the title's tags.
    package var precisionAt8: Double
    /// The same, with more weight on the first; 1 at best.
    package var ndcgAt8: Double
    /// Different emotions given over all titles.
    package var distinctTags: Int
    package var unanswered: Int
  }

  /// Moods with the families that are right and those that are plainly wrong.
  package struct Moods: Sendable, Codable {
    /// The share of moods whose first emotion is of an accepted family.
    package var firstHit: Double
    /// The share of moods with an emotion of an accepted family among the first three.
    package var top3Hit: Double
    /// The share of moods with an emotion of a forbidden family among the first three.
    package var forbiddenTop3: Double
    /// `firstHit` within each group of moods.
    package var firstHitByGroup: [String: Double]
    /// The moods whose first emotion is of no accepted family, with the first three.
    package var misses: [String]
    package var unanswered: Int
  }

  /// Rows that a file should have and does not.
  package struct Malformed: Error, Sendable, CustomStringConvertible {
    package let description: String
  }
}

/// 2 × hits over what was predicted and what is there; 0 where there is neither.
func f1(hits: Int, predicted: Int, actual: Int) -> Double {
  predicted + actual == 0 ? 0 : 2 * Double(hits) / Double(predicted + actual)
}

extension Collection<Double> {
  /// The mean, 0 of nothing.
  var mean: Double { self.isEmpty ? 0 : self.reduce(0, +) / Double(self.count) }
}
