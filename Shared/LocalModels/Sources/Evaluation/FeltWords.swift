/// Words for feelings, to judge any model's vectors by.
package struct FeltWords: Sendable {
  /// How near vectors of words lie to those that should be near.
  package struct Figures: Sendable, Codable {
    package var pairs: Int
    /// Spearman's rank correlation of the cosines with the teacher's, -1...1.
    package var correlation: Double
    /// The words that the next figures are about: those of pleasant and painful families.
    package var words: Int
    /// The share, among the five nearest of each word, of words of the opposite valence.
    package var oppositeAmongFive: Double
    /// The share, among the five nearest of each word, of words of its own family.
    package var sameFamilyAmongFive: Double
    /// Some words with their five nearest.
    package var neighbours: [String]
  }

  /// Two words and the cosine of their vectors by the model that ours learned from.
  private struct Pair {
    var first: String
    var second: String
    var cosine: Double
  }

  private let pairs: [Pair]
  /// Word -> its family's sign, 1 or -1, and the family.
  private let felt: [String: (sign: Float, family: String)]

  /// Takes the words and families of a resource, and lines of two words and a cosine, tabs between;
  /// lines that begin with "#" are left out.
  package init(_ resource: ModelResource, pairs tsv: String) throws {
    let families = try Families(resource)
    var felt: [String: (sign: Float, family: String)] = [:]
    for noun in families.nouns {
      let sign = families.signs[noun.family]
      if sign != 0 { felt[noun.word] = (sign, families.names[noun.family]) }
    }
    self.felt = felt
    self.pairs = try tsv.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.map {
      let fields = $0.split(separator: "\t")
      guard fields.count == 3, let cosine = Double(fields[2]) else {
        throw Evaluation.Malformed(description: "not a line of two words and a cosine: \($0)")
      }
      return Pair(first: String(fields[0]), second: String(fields[1]), cosine: cosine)
    }
  }

  /// Every word whose vector `judged` needs.
  package var words: [String] {
    Set(self.pairs.flatMap { [$0.first, $0.second] } + self.felt.keys).sorted()
  }

  /// Judges unit vectors of `words`, as far as the model knows these.
  package func judged(_ vectors: [String: [Float]]) -> Figures {
    let cosines = self.pairs.compactMap { pair in
      vectors[pair.first].flatMap { first in
        vectors[pair.second].map { (found: Double(dot(first, $0)), wanted: pair.cosine) }
      }
    }
    let known = self.felt.keys.filter { vectors[$0] != nil }.sorted()
    var (opposite, same, total) = (0, 0, 0)
    var neighbours: [String: [String]] = [:]
    for word in known {
      guard let vector = vectors[word], let own = self.felt[word] else { continue }
      let nearest = known.filter { $0 != word }
        .map { (word: $0, likeness: vectors[$0].map { dot(vector, $0) } ?? -1) }
        .sorted { ($1.likeness, $0.word) < ($0.likeness, $1.word) }
        .prefix(5).map(\.word)
      opposite += nearest.count { self.felt[$0]?.sign == -own.sign }
      same += nearest.count { self.felt[$0]?.family == own.family }
      total += nearest.count
      neighbours[word] = nearest
    }
    return Figures(
      pairs: cosines.count,
      correlation: rankCorrelation(cosines.map(\.found), cosines.map(\.wanted)),
      words: known.count,
      oppositeAmongFive: total == 0 ? 0 : Double(opposite) / Double(total),
      sameFamilyAmongFive: total == 0 ? 0 : Double(same) / Double(total),
      neighbours: stride(from: 0, to: known.count, by: max(1, known.count / 30)).prefix(30).map {
        "\(known[$0]): \(neighbours[known[$0]]?.joined(separator: ", ") ?? "")"
      }
    )
  }
}

/// The correlation of the ranks of two lists of equal length; 0 where one does not vary.
private func rankCorrelation(_ first: [Double], _ second: [Double]) -> Double {
  let (first, second) = (ranks(first), ranks(second))
  let (a, b) = (first.mean, second.mean)
  let product = zip(first, second).reduce(0) { $0 + ($1.0 - a) * ($1.1 - b) }
  let squares =
    first.reduce(0) { $0 + ($1 - a) * ($1 - a) } * second.reduce(0) { $0 + ($1 - b) * ($1 - b) }
  return squares == 0 ? 0 : product / squares.squareRoot()
}

private func ranks(_ values: [Double]) -> [Double] {
  var ranks = [Double](repeating: 0, count: values.count)
  for (rank, place) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
    ranks[place] = Double(rank)
  }
  return ranks
}
