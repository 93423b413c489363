/// What genres and plots of titles make one feel, and which emoji tell them.
struct TitleReader: Sendable {
  struct Genre: Sendable {
    var feelings: [NamedWeight]
    var emoji: String
  }

  /// Lower-case genre or other name for it -> what its titles are like.
  let genres: [String: Genre]
  /// The genres of the plot head, in its order.
  let headGenres: [String]
  /// Logistic regressions from a description's vector, `[genres, dimensions]`.
  let headWeights: [[Float]]
  let headBiases: [Float]
  /// How many of the known titles have each genre, 0...1.
  let headRates: [Float]
  let usualFamilies: (means: [Float], deviations: [Float])
  let usualLikeness: (means: [Float], deviations: [Float])
  let usualNouns: (means: [Float], deviations: [Float])
  let emoji: PlotEmoji

  init(_ resource: ModelResource, families: Families) throws(LocalModelError) {
    var genres: [String: Genre] = [:]
    var names: [String] = []
    for row in try resource.rows("GENR", columns: 4) {
      let genre = Genre(feelings: NamedWeight.list(row[1]), emoji: row[2])
      names.append(row[0])
      for name in [row[0]] + row[3].parts(",") { genres[name] = genre }
    }
    var reader = try resource.reader("PLOT")
    let width = names.isEmpty ? 0 : reader.remaining / 4 / names.count
    guard width > 2 else { throw LocalModelError(.malformed, "section PLOT is too short") }
    var rows: [[Float]] = []
    for _ in names { rows.append(try reader.floats(width)) }
    try reader.end()
    self.genres = genres
    self.headGenres = names
    self.headWeights = rows.map { Array($0[..<(width - 2)]) }
    self.headBiases = rows.map { $0[width - 2] }
    self.headRates = rows.map { $0[width - 1] }
    let count = families.names.count
    let usual = try resource.floats("ZSTA", count: 4 * count)
    self.usualFamilies = (Array(usual[..<count]), Array(usual[count..<2 * count]))
    self.usualLikeness = (Array(usual[2 * count..<3 * count]), Array(usual[(3 * count)...]))
    let nouns = families.nouns.count
    let usualNouns = try resource.floats("ZNOU", count: 2 * nouns)
    self.usualNouns = (Array(usualNouns[..<nouns]), Array(usualNouns[nouns...]))
    self.emoji = try PlotEmoji(resource)
  }

  /// - Returns: What the named genres and, from the plot, the likely ones make one feel, 0...1.
  func prior(genres: [String], plot: [Float]?, families: Families) -> [Float] {
    var scores = [Float](repeating: 0, count: families.names.count)
    func add(_ feelings: [NamedWeight], _ weight: Float) {
      for item in feelings {
        if let place = families.places[item.name] { scores[place] += item.weight * weight }
      }
    }
    for genre in genres { add(self.genres[genre.lowercased()]?.feelings ?? [], 0.65) }
    if let plot {
      for (place, name) in self.headGenres.enumerated() {
        let likely = sigmoid(dot(self.headWeights[place], plot) + self.headBiases[place])
        let rate = self.headRates[place]
        let excess = max(0, likely - rate) / max(1e-6, 1 - rate)
        add(self.genres[name]?.feelings ?? [], 0.65 * excess)
      }
    }
    let best = max(scores.max() ?? 0, 0.3)
    return scores.map { $0 / best }
  }
}

/// Measures by how many deviations each value exceeds what is usual, from 0 (none) to 1 (`limit`).
func excess(
  _ values: [Float],
  over usual: (means: [Float], deviations: [Float]),
  limit: Float
) -> [Float] {
  values.indices.map { slot in
    let deviation = max(usual.deviations[slot], 1e-6)
    return max(0, min(limit, (values[slot] - usual.means[slot]) / deviation)) / limit
  }
}
