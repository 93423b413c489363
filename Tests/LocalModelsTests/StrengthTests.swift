import Testing

@testable import LocalModels

/// Scores rise above 1 where a label and a family agree; what is said has to keep up with them.
@Suite struct `The strength of a text` {
  private let families: Families

  init() throws { self.families = try Loaded.emotions.families }

  private func score(_ family: String, in scores: [Float]) throws -> Float {
    scores[try #require(self.families.places[family])]
  }

  @Test(arguments: [1, 1.75] as [Float])
  func `is what the opposites of a denied family get a share of`(strength: Float) throws {
    let joy = try #require(self.families.places["joy"])
    var scores = [Float](repeating: 0, count: self.families.names.count)
    scores[joy] = strength
    Denials(["not", "happy"], families: self.families, idioms: [])
      .apply(to: &scores, families: self.families, strength: strength)
    #expect(scores[joy] == 0.1 * strength)
    #expect(!self.families.opposites[joy].isEmpty)
    for place in self.families.opposites[joy] { #expect(scores[place] == 0.4 * strength) }
  }

  @Test(arguments: [1, 1.75] as [Float])
  func `is what an affirmed family gets a share of beside a denied one`(strength: Float) throws {
    var scores = [Float](repeating: 0, count: self.families.names.count)
    Denials(["not", "happy", "but", "angry"], families: self.families, idioms: [])
      .apply(to: &scores, families: self.families, strength: strength)
    #expect(try self.score("anger", in: scores) == 0.6 * strength)
  }

  @Test func `multiplies what a sign shows`() throws {
    var scores = [Float](repeating: 0.2, count: self.families.names.count)
    self.families.raise(&scores, to: [NamedWeight(name: "anger", weight: 0.9)], times: 1.5)
    #expect(abs(try self.score("anger", in: scores) - 1.35) < 1e-6)
    #expect(try self.score("joy", in: scores) == 0.2)
  }
}
