/// Moods with the families that are right and those that are plainly wrong.
package struct LabelledMoods: Sendable {
  private struct Row {
    var accepted: Set<String>
    var forbidden: Set<String>
    var group: String?
  }

  package let texts: [String]
  private let rows: [Row]

  /// Reads lines of a mood, accepted families, forbidden families (commas between) and, if wanted,
  /// a group, tabs between; lines that begin with "#" are left out.
  ///
  /// At most `limit` rows are read.
  package init(_ tsv: String, limit: Int? = nil) throws(Evaluation.Malformed) {
    var texts: [String] = []
    var rows: [Row] = []
    for line in tsv.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      if let limit, texts.count == limit { break }
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count >= 3, !fields[0].isEmpty, !fields[1].isEmpty else {
        throw Evaluation.Malformed(
          description: "not a line of mood, accepted and forbidden families: \(line.prefix(80))"
        )
      }
      texts.append(String(fields[0]))
      rows.append(
        Row(
          accepted: Set(fields[1].split(separator: ",").map(String.init)),
          forbidden: Set(fields[2].split(separator: ",").map(String.init)),
          group: fields.count > 3 ? String(fields[3]) : nil
        )
      )
    }
    self.texts = texts
    self.rows = rows
  }

  /// Judges emotions by their families.
  ///
  /// There is a list for each of `texts`, strongest first, empty where there was no answer.
  package func judged(_ answers: [[String]], model: EmotionModel) -> Evaluation.Moods {
    var first: [Double] = []
    var top3: [Double] = []
    var forbidden: [Double] = []
    var groups: [String: [Double]] = [:]
    var misses: [String] = []
    for ((text, row), names) in zip(zip(self.texts, self.rows), answers) {
      let names = names.prefix(3)
      let families = names.map(model.nearestFamily(of:))
      let hit = families.first.map(row.accepted.contains) == true ? 1.0 : 0
      first.append(hit)
      top3.append(families.contains(where: row.accepted.contains) ? 1 : 0)
      forbidden.append(families.contains(where: row.forbidden.contains) ? 1 : 0)
      if let group = row.group { groups[group, default: []].append(hit) }
      if hit == 0 { misses.append("\(text) -> \(names.joined(separator: ", "))") }
    }
    return Evaluation.Moods(
      firstHit: first.mean,
      top3Hit: top3.mean,
      forbiddenTop3: forbidden.mean,
      firstHitByGroup: groups.mapValues(\.mean),
      misses: misses,
      unanswered: answers.count(where: \.isEmpty)
    )
  }
}

extension EmotionModel {
  /// The family that a word belongs to, or that of the nouns its vector lies nearest to.
  package func nearestFamily(of word: String) -> String {
    if let family = self.families.family(of: word) { return family }
    guard let vector = self.embeddings.embedding(of: word) else { return Families.neutral }
    let likeness = self.nouns.vectors.map { dot($0, vector) }
    let nearest = likeness.indices.max { likeness[$0] < likeness[$1] }
    return nearest.map { self.families.names[self.families.nouns[$0].family] } ?? Families.neutral
  }
}
