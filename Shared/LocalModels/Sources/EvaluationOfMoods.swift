extension Evaluation {
  /// Judges the emotions read in moods by their families.
  ///
  /// `tsv` has lines of a mood, accepted families, forbidden families (commas between) and a
  /// group, tabs between; lines that begin with "#" are left out.
  package static func moods(_ tsv: String, model: EmotionModel) throws(Malformed) -> Moods {
    var first: [Double] = []
    var top3: [Double] = []
    var forbidden: [Double] = []
    var groups: [String: [Double]] = [:]
    var misses: [String] = []
    for line in tsv.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count >= 4, !fields[1].isEmpty else {
        throw Malformed(description: "not a line of mood, families and group: \(line.prefix(80))")
      }
      let right = Set(fields[1].split(separator: ",").map(String.init))
      let wrong = Set(fields[2].split(separator: ",").map(String.init))
      let names = model.reading(of: String(fields[0])).emotions.prefix(3).map(\.name)
      let families = names.compactMap(model.family(of:))
      let hit = families.first.map(right.contains) == true ? 1.0 : 0
      first.append(hit)
      top3.append(families.contains(where: right.contains) ? 1 : 0)
      forbidden.append(families.contains(where: wrong.contains) ? 1 : 0)
      groups[String(fields[3]), default: []].append(hit)
      if hit == 0 { misses.append("\(fields[0]) -> \(names.joined(separator: ", "))") }
    }
    return Moods(
      firstHit: first.mean,
      top3Hit: top3.mean,
      forbiddenTop3: forbidden.mean,
      firstHitByGroup: groups.mapValues(\.mean),
      misses: misses
    )
  }
}
