import SeededRandom
import Testing

@testable import CatalogStore

@Suite struct `The best rows` {
  @Test(arguments: [0, 1, 2, 3, 10, 64, 100])
  func `are those that sorting everything would give`(limit: Int) {
    var generator = SeededGenerator(seed: UInt64(limit))
    for count in [0, 1, 2, 63, 64, 65, 300] {
      let entries = (0..<count).map { row in
        TopRows.Entry(row: row, score: Double(Int.random(in: 0...20, using: &generator)))
      }
      var best = TopRows(limit: limit)
      for entry in entries.shuffled(using: &generator) { best.offer(entry) }
      let expected = entries.sorted { left, right in
        left.score != right.score ? left.score > right.score : left.row < right.row
      }
      #expect(best.sorted().map(\.row) == expected.prefix(limit).map(\.row))
    }
  }
}
