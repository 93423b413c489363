#if canImport(Glibc)
import Glibc
#endif

/// How good rankings are, each given as the gains of its first places.
struct RankingFigures: Codable, Sendable {
  /// Discounted gain of the first ten over the best ten there are, 0...1.
  var ndcgAt10: Double
  /// The mean gain of the first three.
  var precisionAt3: Double

  /// - Parameter rankings: For each query the gains of the first ten, and of all items.
  init(_ rankings: [(found: [Double], all: [Double])]) {
    let gains = rankings.map { normalizedGain($0.found, of: $0.all) }
    self.ndcgAt10 = mean(gains)
    self.precisionAt3 = mean(rankings.map { $0.found.prefix(3).reduce(0, +) / 3 })
  }
}

/// nDCG@10 of one ranking; 0 where no item has a gain.
func normalizedGain(_ found: [Double], of all: [Double]) -> Double {
  func discounted(_ gains: some Sequence<Double>) -> Double {
    gains.prefix(10).enumerated().reduce(0) { $0 + $1.element / log2(Double($1.offset + 2)) }
  }
  let ideal = discounted(all.sorted(by: >))
  return ideal == 0 ? 0 : discounted(found) / ideal
}

func mean(_ values: [Double]) -> Double {
  values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
}
