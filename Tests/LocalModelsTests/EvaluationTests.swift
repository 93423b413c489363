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
      no group\tjoy\tanger
      no answer\tjoy\tanger\ttwo

      """
    let moods = try LabelledMoods(tsv)
    #expect(moods.texts == ["I am so happy", "I am furious", "no group", "no answer"])
    let answers = [["happiness"], ["rage", "fury", "wrath", "joy"], ["sadness", "joy"], []]
    let found = moods.judged(answers, model: try Loaded.emotions)
    #expect(found.firstHit == 0.25)
    #expect(found.top3Hit == 0.5)
    #expect(found.forbiddenTop3 == 0.25)
    #expect(found.firstHitByGroup == ["one": 1, "two": 0])
    #expect(found.misses.count == 3)
    #expect(found.unanswered == 1)
  }

  @Test func `knows the family of a word that is in no list by its vector`() throws {
    let model = try Loaded.emotions
    #expect(model.family(of: "sorrowful sadness") == nil)
    #expect(model.nearestFamily(of: "sorrowful sadness") == "sadness")
    #expect(model.nearestFamily(of: "?") == "neutral")
  }

  @Test func `reads no more rows than it is told to`() throws {
    #expect(try LabelledMoods("a\tjoy\t\nb\tjoy\t\n", limit: 1).texts == ["a"])
    #expect(try LabelledComments("a\t1\tid\nb\t2\tid\n", limit: 1).texts == ["a"])
    let csv = "title,description,genres,emotions\na,,,[fear]\nb,,,[joy]\n"
    #expect(try TaggedTitles(csv, limit: 1).titles.map(\.name) == ["a"])
  }

  @Test func `of comments has a figure for each label`() throws {
    let comments = try LabelledComments("Thank you so much!\t15\tid1\nI love this\t18\tid2\n")
    let found = comments.judged(try Loaded.emotions)
    #expect(found.perLabel.count == 28)
    #expect(found.perLabel["gratitude"] == 1)
    for figure in [found.macroF1, found.ekmanMacroF1, found.sentimentMacroF1, found.mAP] {
      #expect((0.0...1.0).contains(figure))
    }
  }

  @Test func `of comments takes words for the labels they are nearest to`() throws {
    let comments = try LabelledComments("a\t20\tid\nb\t12,27\tid\nc\t0\tid\n")
    func emotion(_ name: String, _ intensity: Double) -> EmotionScore {
      EmotionScore(name: name, intensity: intensity)
    }
    let answers = [
      [emotion("hope", 0.5), emotion("joy", 0.49)],
      [emotion("embarrassment", 1), emotion("neutral", 0.7)], [],
    ]
    let found = comments.judged(answers, model: try Loaded.emotions)
    #expect(found.perLabel["optimism"] == 1)
    #expect(found.perLabel["embarrassment"] == 1)
    #expect(found.perLabel["neutral"] == 1)
    #expect(found.perLabel["joy"] == 0)
    #expect(found.microF1 == 2 * 3.0 / (3 + 4))
    #expect(found.unanswered == 1)
  }

  @Test func `of titles reads quoted fields`() throws {
    let csv = """
      title,description,genres,emotions
      "Haunted, Again","They said ""run"".\nThey ran.","['horror']","[fear, Terror, suspense]"
      Untagged,,,[]
      Other,,,[joy]
      """
    let titles = try TaggedTitles(csv)
    #expect(titles.titles.map(\.name) == ["Haunted, Again", "Other"])
    #expect(titles.titles[0].genres == ["horror"])
    let found = titles.judged([["fear", "joy", "terror", "a", "b", "c", "d", "e"], []])
    #expect(found.precisionAt8 == 0.125)
    #expect(abs(found.ndcgAt8 - 0.352) < 0.001)
    #expect(found.distinctTags == 8)
    #expect(found.unanswered == 1)
  }

  @Test func `of vectors counts opposites among the nearest and compares cosines`() throws {
    let pairs = "# comment\njoy\tbliss\t0.9\njoy\tsorrow\t0.1\njoy\tgrief\t0\n"
    let words = try FeltWords(try Loaded.resource, pairs: pairs)
    #expect(words.words.count > 100)
    // Pleasant words to the right, painful ones to the left; so no opposites lie near.
    let pleasant: Set = ["joy", "bliss", "delight", "happiness", "euphoria", "love", "hope"]
    let painful: Set = ["sorrow", "grief", "sadness", "anger", "rage", "fear", "shame"]
    var vectors: [String: [Float]] = [:]
    for word in pleasant { vectors[word] = [1, 0] }
    for word in painful { vectors[word] = [-1, 0] }
    vectors["bliss"] = [1, 0]
    vectors["sorrow"] = [0, 1]
    let found = words.judged(vectors)
    #expect(found.pairs == 3)
    #expect(found.correlation == 1)
    #expect(found.words == 14)
    #expect(found.oppositeAmongFive < 0.1)
    #expect(found.neighbours.count == 14)
  }

  @Test(arguments: ["no tabs", "text\tforty\tid", "text\t99\tid", "text\t\tid"])
  func `of malformed comments is refused`(line: String) {
    #expect(throws: Evaluation.Malformed.self) { try LabelledComments(line) }
  }

  @Test(arguments: ["no tabs", "text\tjoy", "text\t\tanger\tgroup", "\tjoy\tanger"])
  func `of malformed moods is refused`(line: String) {
    #expect(throws: Evaluation.Malformed.self) { try LabelledMoods(line) }
  }

  @Test(arguments: ["", "title,genres\na,b", "title,description,genres,emotions\na,b"])
  func `of malformed titles is refused`(csv: String) {
    #expect(throws: Evaluation.Malformed.self) { try TaggedTitles(csv) }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: frozen.path), "needs its file of rows"))
  func `of the frozen moods reaches what was asked for`() throws {
    let model = try Loaded.emotions
    let moods = try LabelledMoods(try String(contentsOf: Self.frozen, encoding: .utf8))
    let answers = moods.texts.map { model.reading(of: $0).emotions.map(\.name) }
    let found = moods.judged(answers, model: model)
    #expect(found.firstHit >= 0.75)
    #expect(found.top3Hit >= 0.90)
    #expect(found.forbiddenTop3 < 0.08)
  }

  @Test func `of the shipped vectors stays above its floor`() throws {
    let tsv = try String(contentsOf: Loaded.file("Fixtures/pairs.tsv"), encoding: .utf8)
    let words = try FeltWords(try Loaded.resource, pairs: tsv)
    let model = try Loaded.embeddings
    var vectors: [String: [Float]] = [:]
    for word in words.words { vectors[word] = model.embedding(of: word) }
    let found = words.judged(vectors)
    #expect(found.pairs >= 300)
    #expect(found.correlation > 0.75)
    #expect(found.oppositeAmongFive < 0.05)
  }
}
