import SeededRandom
import Testing

@testable import CatalogCSV

@Suite struct `Damaged catalog files` {
  /// Twelve rows, one in three with quotes, commas and line breaks in its description.
  private static let lines: [String] =
    ["id,title,type,description,genres\n"]
    + (0..<12).map { row in
      let description = row.isMultiple(of: 3) ? "\"a \"\"b\"\",\nc\r\n, d\"" : "plain words"
      return "tm\(row),Title \(row),MOVIE,\(description),\"['drama', 'crime']\"\n"
    }

  private static func ids(_ rows: [Result<CatalogRow, RowProblem>]) -> [String] {
    rows.compactMap { row in try? row.get().id }
  }

  @Test func `one wrong byte costs the row it is in, and the next when it joins them`() throws {
    var generator = SeededGenerator(seed: 7)
    let bytes = Self.lines.map { line in Array(line.utf8) }
    let replacements: [UInt8] = Array("\",\n\rx'[]".utf8) + [0, 0x80, 0xFF]
    for _ in 0..<700 {
      let row = Int.random(in: 1..<bytes.count, using: &generator)
      var damaged = bytes
      let place = damaged[row].indices.randomElement(using: &generator) ?? 0
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: damaged[row][place] = replacements.randomElement(using: &generator) ?? 0
      case 1: damaged[row].remove(at: place)
      default:
        damaged[row].insert(replacements.randomElement(using: &generator) ?? 0, at: place)
      }
      let ids = Self.ids(try rows(Array(damaged.joined())))
      let others = (0..<12).filter { other in other != row - 1 && other != row }
      let expected = others.map { other in "tm\(other)" }
      #expect(
        expected.allSatisfy(ids.contains),
        "row \(row): \(String(decoding: damaged[row], as: UTF8.self))"
      )
    }
  }

  @Test func `any bytes at all are read to their end`() throws {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<400 {
      var bytes = Array(Self.lines.joined().utf8)
      for _ in 0..<Int.random(in: 1...30, using: &generator) {
        let place = Int.random(in: 40..<bytes.count, using: &generator)
        bytes[place] = UInt8.random(in: 0...255, using: &generator)
      }
      let whole = steps(bytes)
      #expect(steps(bytes, piece: 7) == whole)
      #expect(try rows(bytes).count <= whole.count)
    }
  }
}
