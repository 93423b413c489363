import Foundation
import Testing

@testable import LocalModels

@Suite struct `An evaluation` {
  private static let frozen = Loaded.file("Moods/frozen_moods.tsv")

  @Test func `of moods counts first, top and forbidden families`() throws {
    let tsv = """
      # mood, accepted, forbidden, group
      I am so happy\tjoy\tsadness\tone
      I am furious\tjoy,love\tanger\ttwo

      """
    let found = try Evaluation.moods(tsv, model: try Loaded.emotions)
    #expect(found.firstHit == 0.5)
    #expect(found.top3Hit == 0.5)
    #expect(found.forbiddenTop3 == 0.5)
    #expect(found.firstHitByGroup == ["one": 1, "two": 0])
    #expect(found.misses.count == 1)
  }

  @Test func `of comments has a figure for each label`() throws {
    let tsv = "Thank you so much!\t15\tid1\nI love this\t18\tid2\n"
    let found = try Evaluation.comments(tsv, model: try Loaded.emotions)
    #expect(found.perLabel.count == 28)
    #expect(found.perLabel["gratitude"] == 1)
    #expect((0.0...1.0).contains(found.macroF1))
    #expect((0.0...1.0).contains(found.ekmanMacroF1))
  }

  @Test func `of titles reads quoted fields`() throws {
    let csv = """
      title,description,genres,emotions
      "Haunted, Again","They said ""run"".\nThey ran.","['horror']","[fear, terror, suspense]"
      """
    let found = try Evaluation.titles(csv, model: try Loaded.emotions)
    #expect(found.precisionAt8 > 0.2)
    #expect(found.ndcgAt8 > 0.3)
    #expect(found.distinctTags == 8)
  }

  @Test(arguments: ["no tabs", "text\tforty\tid", "text\t99\tid", "text\t\tid"])
  func `of malformed comments is refused`(line: String) throws {
    let model = try Loaded.emotions
    #expect(throws: Evaluation.Malformed.self) { try Evaluation.comments(line, model: model) }
  }

  @Test(arguments: ["no tabs", "text\tjoy", "text\t\tanger\tgroup"])
  func `of malformed moods is refused`(line: String) throws {
    let model = try Loaded.emotions
    #expect(throws: Evaluation.Malformed.self) { try Evaluation.moods(line, model: model) }
  }

  @Test(arguments: ["", "title,genres\na,b", "title,description,genres,emotions\na,b"])
  func `of malformed titles is refused`(csv: String) throws {
    let model = try Loaded.emotions
    #expect(throws: Evaluation.Malformed.self) { try Evaluation.titles(csv, model: model) }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: frozen.path)))
  func `of the frozen moods stays above its floor`() throws {
    let tsv = try String(contentsOf: Self.frozen, encoding: .utf8)
    let found = try Evaluation.moods(tsv, model: try Loaded.emotions)
    #expect(found.firstHit >= 0.57, "\(found.misses.joined(separator: "\n"))")
    #expect(found.top3Hit >= 0.71)
    #expect(found.forbiddenTop3 <= 0.15)
  }
}
