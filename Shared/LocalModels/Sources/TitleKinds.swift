/// Kinds of titles, finer than genres, and what each makes its watcher feel more or less.
struct TitleKinds: Sendable {
  private struct Kind: Sendable {
    /// Places of genres that the title must have.
    var required: [Int]
    /// Places of genres that it must not have.
    var excluded: [Int]
    /// Whether its words must stand in the plot, too.
    var isToldByWords: Bool
    /// Places of tags, and by how much their log-odds move.
    var moves: [(tag: Int, step: Float)]
  }

  /// How surely one word tells a kind; two tell it for certain.
  private static let surenessOfOne: Float = 0.7
  /// A genre that is surer than this is taken for the title's.
  private static let leastGenre: Float = 0.5

  private let kinds: [Kind]
  private let cues: PlotCues

  /// Reads section KIND; `tags` are the names of those that scores are for, in their order.
  init(_ resource: ModelResource, tags: [String]) throws(LocalModelError) {
    let genres = try resource.rows("GENR").map { $0[0] }
    func places(_ names: [String], of all: [String]) throws(LocalModelError) -> [Int] {
      let found = names.compactMap { all.firstIndex(of: $0) }
      guard found.count == names.count else {
        throw LocalModelError(.malformed, "section KIND names one of \(names), which is unknown")
      }
      return found
    }
    let rows = try resource.rows("KIND", columns: 4)
    var kinds: [Kind] = []
    for row in rows {
      let steps = NamedWeight.list(row[3])
      let moved = try places(steps.map(\.name), of: tags)
      kinds.append(
        Kind(
          required: try places(row[0].parts(","), of: genres),
          excluded: try places(row[1].parts(","), of: genres),
          isToldByWords: !row[2].isEmpty,
          moves: zip(moved, steps).map { (tag: $0, step: $1.weight) }
        )
      )
    }
    self.kinds = kinds
    self.cues = PlotCues(rows.map { $0[2] })
  }

  /// Moves the log-odds of the tags of every kind that the title is of.
  ///
  /// - Parameters:
  ///   - scores: The log-odds of each tag.
  ///   - genres: How surely the title is of each genre, 0...1.
  ///   - words: Title and plot.
  func move(_ scores: inout [Float], genres: [Float], words: [String]) {
    let counts = self.cues.counts(in: words)
    for (place, kind) in self.kinds.enumerated() {
      guard kind.required.allSatisfy({ genres[$0] > Self.leastGenre }),
        !kind.excluded.contains(where: { genres[$0] > Self.leastGenre })
      else { continue }
      let count = Float(counts[place] ?? 0)
      let sureness = kind.isToldByWords ? min(1, Self.surenessOfOne * count) : 1
      for move in kind.moves { scores[move.tag] += sureness * move.step }
    }
  }
}
