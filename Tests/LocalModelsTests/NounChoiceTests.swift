import Testing

@testable import LocalModels

@Suite struct `A choice of words` {
  private let choice: NounChoice
  private let families: Families

  init() throws {
    self.choice = try Loaded.emotions.nouns
    self.families = try Loaded.emotions.families
  }

  private func scores(_ scores: [String: Float]) throws -> [Float] {
    var found = [Float](repeating: 0, count: self.families.names.count)
    for (name, score) in scores { found[try #require(self.families.places[name])] = score }
    return found
  }

  private func nouns(
    _ scores: [String: Float],
    direction: [Float]? = nil,
    said: [String] = [],
    count: Int = 8,
    least: Float = 0.02
  ) throws -> [(noun: Families.Noun, value: Float)] {
    self.choice.nouns(
      scores: try self.scores(scores),
      direction: direction,
      said: said,
      count: count,
      least: least
    )
  }

  private func names(_ nouns: [(noun: Families.Noun, value: Float)]) -> [String] {
    nouns.map { self.families.names[$0.noun.family] }
  }

  @Test func `takes two words of a family, the second after a family of more than half its score`()
    throws
  {
    let found = try self.nouns(["anger": 0.8, "sadness": 0.6])
    #expect(self.names(found) == ["anger", "sadness", "anger", "sadness"])
    #expect(Set(found.map(\.noun.word)).count == 4)
  }

  @Test func `gives a family's first word the family's score`() throws {
    let found = try self.nouns(["hope": 0.7, "calm": 0.2])
    #expect(found.first?.value == 0.7)
    #expect(found.first { self.families.names[$0.noun.family] == "calm" }?.value == 0.2)
  }

  @Test func `leaves out what scores less than the least share of the first`() throws {
    let scores: [String: Float] = ["joy": 1, "fear": 0.1]
    #expect(!self.names(try self.nouns(scores, least: 0.11)).contains("fear"))
    #expect(self.names(try self.nouns(scores, least: 0.09)).contains("fear"))
  }

  @Test(arguments: [0, 1, 3, 8])
  func `takes as many words as are wanted`(count: Int) throws {
    let all = Dictionary(uniqueKeysWithValues: self.families.names.map { ($0, Float(1)) })
    #expect(try self.nouns(all, count: count).count == count)
  }

  @Test func `prefers a word of the text within its family, and no family for it`() throws {
    let words = self.families.nouns.filter { self.families.names[$0.family] == "fear" }
    let last = try #require(words.last?.word)
    #expect(try self.nouns(["fear": 0.5], count: 1).first?.noun.word != last)
    let said = try self.nouns(
      ["fear": 0.5, "joy": 0.6],
      direction: try Loaded.embeddings.direction(of: [last]),
      said: [last]
    )
    #expect(self.names(said).first == "joy")
    #expect(said.first { self.families.names[$0.noun.family] == "fear" }?.noun.word == last)
  }

  @Test func `prefers a word of the text, and one that lies near it, each alone`() throws {
    let second = try #require(
      self.families.nouns.first { self.families.names[$0.family] == "fear" && $0.weight < 1 }
    )
    let plain = try self.nouns(["fear": 0.5], count: 1).first?.noun.word
    #expect(plain != second.word)
    #expect(
      try self.nouns(["fear": 0.5], said: [second.word], count: 1).first?.noun.word == second.word
    )
    let direction = try Loaded.embeddings.direction(of: [second.word])
    let near = try self.nouns(["fear": 0.5], direction: direction, count: 1)
    #expect(near.first?.noun.word == second.word)
  }

  @Test func `leaves out a family whose score is no number`() throws {
    #expect(self.families.names.first == "joy")
    let found = try self.nouns(["joy": .nan, "fear": 0.5])
    #expect(self.names(found) == ["fear", "fear"])
  }

  @Test(arguments: [[Float.nan], [], [Float.infinity, -Float.infinity], [-1, 1, 0.5]])
  func `bears any direction`(direction: [Float]) throws {
    let found = try self.nouns(["joy": 0.5, "love": 0.4], direction: direction)
    #expect(self.names(found).first == "joy")
    #expect(found.allSatisfy { $0.value.isFinite && $0.value >= 0 })
  }
}
