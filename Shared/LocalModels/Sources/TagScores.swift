import Glibc

/// How likely each tag is for a title, from its genres, its kind, its plot's words and what the plot
/// feels like.
struct TagScores: Sendable {
  struct Tag: Sendable {
    var name: String
    /// The place of the family it belongs to.
    var family: Int
  }

  /// How much a deviation of the plot's likeness to the tag's words counts.
  private static let likenessWeight: Float = 0.55
  /// How much a deviation of the family's log-odds in the plot counts.
  private static let feelingWeight: Float = 0.4
  /// How much one of the tag's own words counts, of which at most two do.
  private static let cueWeight: Float = 0.4

  let tags: [Tag]
  /// The log-odds of each tag among all titles.
  private let base: [Float]
  /// By how much each genre moves them, `[genres][tags]`.
  private let lifts: [[Float]]
  /// One unit vector a tag.
  private let vectors: [[Float]]
  private let usualLikeness: (means: [Float], deviations: [Float])
  private let usualFeelings: (means: [Float], deviations: [Float])
  private let cues: PlotCues
  private let kinds: TitleKinds

  init(_ resource: ModelResource, genres: Int, families: Families) throws(LocalModelError) {
    let tags = try resource.rows("TAGS", columns: 2).compactMap { row in
      families.places[row[1]].map { Tag(name: row[0], family: $0) }
    }
    var shares = try resource.reader("TAGP")
    self.base = try shares.floats(tags.count)
    var lifts: [[Float]] = []
    for _ in 0..<genres { lifts.append(try shares.floats(tags.count)) }
    try shares.end()
    self.lifts = lifts
    var reader = try resource.reader("TAGV")
    let width = tags.isEmpty ? 0 : reader.remaining / 4 / tags.count
    var vectors: [[Float]] = []
    for _ in tags { vectors.append(try reader.floats(width)) }
    try reader.end()
    var usual = try resource.reader("TAGZ")
    self.usualLikeness = (try usual.floats(tags.count), try usual.floats(tags.count))
    self.usualFeelings = (try usual.floats(tags.count), try usual.floats(tags.count))
    try usual.end()
    guard tags.count >= EmotionModel.maxEmotions, width > 0 else {
      throw LocalModelError(.malformed, "section TAGS names \(tags.count) tags of known families")
    }
    self.tags = tags
    self.vectors = vectors
    self.cues = PlotCues(try resource.rows("CUES").map { $0[0] })
    self.kinds = try TitleKinds(resource, tags: tags.map(\.name))
  }

  /// - Parameters:
  ///   - genres: How surely the title is of each genre, 0...1.
  ///   - plot: The plot's unit vector, if it has a known word.
  ///   - feelings: What the network makes of the plot, one probability a family; may be empty.
  ///   - words: Title and plot.
  /// - Returns: The log-odds of each tag.
  func callAsFunction(
    genres: [Float],
    plot: [Float]?,
    feelings: [Float],
    words: [String]
  ) -> [Float] {
    var scores = self.base
    // Genres overlap in what they say, so two count less than twice as much as one.
    let share = 1 / powf(max(1, genres.reduce(0, +)), 0.7)
    for (sureness, lift) in zip(genres, self.lifts) where sureness > 0 {
      for place in scores.indices { scores[place] += sureness * share * lift[place] }
    }
    if let plot {
      let likeness = self.vectors.map { dot($0, plot) }
      add(Self.likenessWeight, deviations(likeness, from: self.usualLikeness), to: &scores)
    }
    if !feelings.isEmpty {
      let logits = self.tags.map { logit(feelings[$0.family]) }
      add(Self.feelingWeight, deviations(logits, from: self.usualFeelings), to: &scores)
    }
    for (place, count) in self.cues.counts(in: words) {
      scores[place] += Self.cueWeight * Float(min(2, count))
    }
    self.kinds.move(&scores, genres: genres, words: words)
    return scores
  }
}

private func deviations(
  _ values: [Float],
  from usual: (means: [Float], deviations: [Float])
) -> [Float] {
  values.indices.map { ($0, usual.means[$0], usual.deviations[$0]) }
    .map { (values[$0] - $1) / max($2, 1e-6) }
}

private func add(_ weight: Float, _ values: [Float], to scores: inout [Float]) {
  for place in scores.indices { scores[place] += weight * values[place] }
}
