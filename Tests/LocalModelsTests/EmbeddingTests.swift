import Testing

@testable import LocalModels

@Suite struct `An embedding` {
  private func likeness(_ first: String, _ second: String) throws -> Float {
    let model = try Loaded.embeddings
    return dot(
      try #require(model.embedding(of: first)),
      try #require(model.embedding(of: second))
    )
  }

  @Test(arguments: [
    ("joy", "happiness", "sadness"), ("sadness", "sorrow", "joy"), ("love", "affection", "hatred"),
    ("fear", "terror", "courage"), ("anger", "rage", "calm"), ("calm", "peace", "panic"),
    ("loneliness", "isolation", "friendship"), ("pride", "triumph", "shame"),
    ("excitement", "thrill", "boredom"), ("hope", "optimism", "despair"),
    ("grief", "heartbreak", "laughter"), ("happy", "joyful", "sad"),
  ])
  func `lies nearer to what feels alike`(word: String, alike: String, other: String) throws {
    #expect(try self.likeness(word, alike) > self.likeness(word, other))
  }

  @Test(arguments: ["joy", "not happy at all", "😭", "JOY", "joy, happiness, delight", "x"])
  func `has length one`(text: String) throws {
    let model = try Loaded.embeddings
    let vector = try #require(model.embedding(of: text))
    #expect(vector.count == model.dimensions)
    #expect(abs(dot(vector, vector) - 1) < 1e-4)
  }

  @Test(arguments: ["", " ", "...", "悲", "?!,", "\u{0}", "\u{301}", "\u{FE0F}"])
  func `is absent where there is no word`(text: String) throws {
    #expect(try Loaded.embeddings.embedding(of: text) == nil)
  }

  @Test func `does not depend on case or accents`() throws {
    let model = try Loaded.embeddings
    #expect(model.embedding(of: "JOY") == model.embedding(of: "joy"))
    #expect(model.embedding(of: "café") == model.embedding(of: "cafe"))
    #expect(model.embedding(of: "cafe\u{301}") == model.embedding(of: "cafe"))
  }
}
