/// What is known of titles: their genres, the tags they have, and which emoji tell them.
struct TitleReader: Sendable {
  struct Genre: Sendable {
    /// Its place in the plot head's order.
    var place: Int
    var emoji: String
  }

  /// Lower-case genre or other name for it -> its place and sign.
  let genres: [String: Genre]
  private let plotHead: PlotHead
  let tags: TagScores
  let emoji: PlotEmoji

  init(_ resource: ModelResource, families: Families) throws(LocalModelError) {
    var genres: [String: Genre] = [:]
    let rows = try resource.rows("GENR", columns: 3)
    for (place, row) in rows.enumerated() {
      for name in [row[0]] + row[2].parts(",") { genres[name] = Genre(place: place, emoji: row[1]) }
    }
    self.genres = genres
    self.plotHead = try PlotHead(resource, genres: rows.count)
    self.tags = try TagScores(resource, genres: rows.count, families: families)
    self.emoji = try PlotEmoji(resource)
  }

  /// How surely a title is of each genre, 0...1: as named, else as its plot says.
  func genres(named names: [String], plot: [Float]?) -> [Float] {
    let places = Set(names.compactMap { self.genres[$0.lowercased()]?.place })
    if places.isEmpty, let plot { return self.plotHead.likelihoods(of: plot) }
    return (0..<self.plotHead.count).map { places.contains($0) ? 1 : 0 }
  }
}

/// Logistic regressions from a description's vector to its genres.
private struct PlotHead: Sendable {
  let count: Int
  private let weights: [[Float]]
  private let biases: [Float]

  init(_ resource: ModelResource, genres: Int) throws(LocalModelError) {
    var reader = try resource.reader("PLOT")
    let width = genres == 0 ? 0 : reader.remaining / 4 / genres
    guard width > 2 else { throw LocalModelError(.malformed, "section PLOT is too short") }
    var rows: [[Float]] = []
    for _ in 0..<genres { rows.append(try reader.floats(width)) }
    try reader.end()
    self.count = genres
    self.weights = rows.map { Array($0[..<(width - 2)]) }
    self.biases = rows.map { $0[width - 2] }
  }

  /// - Returns: One probability a genre, 0 where it is less than a half of the best.
  func likelihoods(of plot: [Float]) -> [Float] {
    let found = zip(self.weights, self.biases).map { sigmoid(dot($0, plot) + $1) }
    let best = found.max() ?? 0
    return found.map { $0 < best / 2 ? 0 : $0 }
  }
}
