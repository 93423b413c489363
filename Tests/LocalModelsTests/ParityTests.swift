import Foundation
import Testing

@testable import LocalModels

@Suite struct `The training program and the service` {
  private struct Fixture: Decodable {
    struct Text: Decodable {
      var text: String
      var tokens: [Int]
      var vector: [Float]
      var labels: [Float]
      var families: [Float]
      var odds: [Float]
      var familyOdds: [Float]
    }
    var labels: [String]
    var families: [String]
    var texts: [Text]
  }

  private func fixture() throws -> Fixture {
    let data = try Data(contentsOf: Loaded.file("Fixtures/parity.json"))
    return try JSONDecoder().decode(Fixture.self, from: data)
  }

  private func isNear(_ found: [Float], _ expected: [Float]) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-3 }
  }

  @Test func `name the same labels and families`() throws {
    let fixture = try self.fixture()
    let model = try Loaded.emotions
    #expect(model.labels == fixture.labels)
    #expect(model.families.names == fixture.families)
  }

  @Test func `find the same tokens`() throws {
    let model = try Loaded.emotions
    for text in try self.fixture().texts {
      let words = model.tokenizer.splitter.words(of: text.text.unicodeScalars)
      #expect(model.tokenizer.tokens(of: words) == text.tokens, "\(text.text): \(words)")
    }
  }

  @Test func `find the same vectors within a thousandth`() throws {
    let model = try Loaded.embeddings
    for text in try self.fixture().texts where !text.vector.isEmpty {
      let found = try #require(model.embedding(of: text.text))
      #expect(self.isNear(found, text.vector), "\(text.text)")
    }
  }

  @Test func `find the same probabilities within a thousandth`() throws {
    let model = try Loaded.emotions
    for text in try self.fixture().texts where !text.labels.isEmpty {
      let found = model.network(text.tokens)
      #expect(self.isNear(found.labels, text.labels), "\(text.text)")
      #expect(self.isNear(found.families, text.families), "\(text.text)")
    }
  }

  @Test func `find the same log-odds of labels and families within a thousandth`() throws {
    let model = try Loaded.emotions
    for text in try self.fixture().texts {
      let words = model.tokenizer.splitter.words(of: text.text.unicodeScalars)
      #expect(self.isNear(model.labelRegression(NGrams(words)), text.odds), "\(text.text)")
      #expect(self.isNear(model.familyRegression(NGrams(words)), text.familyOdds), "\(text.text)")
    }
  }

  @Test func `judge comments by the mean of both readers' log-odds`() throws {
    let model = try Loaded.emotions
    for text in try self.fixture().texts where !text.labels.isEmpty {
      let expected = zip(text.labels, text.odds).map { sigmoid((logit($0) + $1) / 2) }
      #expect(self.isNear(model.labelScores(of: text.text), expected), "\(text.text)")
    }
  }
}
