import Foundation
import Safety
import Testing

// 91 texts of a person in crisis and 91 harmless ones in 13 languages, written without knowledge of
// the list. At first the list found 71.4 % of the crises (61.5 % at level crisis) with 4.4 % false
// alarms; after what it missed was added as families of phrases, 96.7 % (76.9 %) with 1.1 %.
// The first figures say what to expect of texts nobody has seen: the second ones are flattered.
@Suite struct TextTests {
  private struct Sample {
    let language: String
    let text: String
  }

  private struct MissingColumn: Error {
    let line: Substring
  }

  private let phrases: CrisisPhrases

  init() throws { self.phrases = try CrisisPhrases.shipped() }

  @Test func `most texts of a person in crisis are found`() throws {
    let samples = try Self.samples("crisis")
    let levels = samples.map { self.phrases.level(of: $0.text) }
    let crises = Self.share(of: levels) { $0 == .crisis }
    let found = Self.share(of: levels) { $0 >= .concern }
    let missed = Self.lines(of: samples, levels) { $0 == .none }
    print(
      "crisis texts: \(samples.count), at level crisis \(crises), concern or crisis \(found)",
      "missed:",
      missed,
      separator: "\n"
    )
    #expect(samples.count >= 70)
    #expect(
      found >= 0.92,
      "at level crisis \(crises), concern or crisis \(found); missed:\n\(missed)"
    )
  }

  @Test func `hardly any figure of speech is taken for a crisis`() throws {
    let samples = try Self.samples("hyperbole")
    let levels = samples.map { self.phrases.level(of: $0.text) }
    let alarms = Self.share(of: levels) { $0 != .none }
    let wrong = Self.lines(of: samples, levels) { $0 != .none }
    print("harmless texts: \(samples.count), false alarms \(alarms)", wrong, separator: "\n")
    #expect(samples.count >= 70)
    #expect(alarms <= 0.05, "false alarms at any level \(alarms):\n\(wrong)")
  }

  /// The rows of a file beside this one: a header, then language and text with a tab between.
  private static func samples(_ name: String) throws -> [Sample] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Texts/\(name).tsv")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map {
      line in
      let columns = line.split(separator: "\t", maxSplits: 1)
      guard columns.count == 2 else { throw MissingColumn(line: line) }
      return Sample(language: String(columns[0]), text: String(columns[1]))
    }
  }

  private static func share(of levels: [SafetyLevel], _ wanted: (SafetyLevel) -> Bool) -> Double {
    Double(levels.count(where: wanted)) / Double(max(levels.count, 1))
  }

  private static func lines(
    of samples: [Sample],
    _ levels: [SafetyLevel],
    _ wanted: (SafetyLevel) -> Bool
  ) -> String {
    zip(samples, levels).filter { wanted($0.1) }
      .map { "\($0.0.language) \($0.1.name): \($0.0.text)" }.joined(separator: "\n")
  }
}
