/// Phrases of several words, and words of scripts that do not part words, found in one pass.
struct PhraseIndex: Sendable {
  private struct Phrase: Sendable {
    var scalars: [Unicode.Scalar]
    var number: Int
  }

  /// By the scalar that a phrase begins with.
  private var phrases: [Unicode.Scalar: [Phrase]] = [:]

  /// Adds a phrase that `matches` tell by `number`.
  mutating func add(_ phrase: String, number: Int) {
    let scalars = Array(phrase.unicodeScalars)
    guard let first = scalars.first else { return }
    self.phrases[first, default: []].append(Phrase(scalars: scalars, number: number))
  }

  /// Where phrases stand in a text, from its beginning on; they may overlap.
  ///
  /// - Complexity: O(length): a few phrases are looked at for each scalar.
  func matches(in text: [Unicode.Scalar]) -> [(range: Range<Int>, number: Int)] {
    guard !self.phrases.isEmpty else { return [] }
    return text.indices.flatMap { place in
      (self.phrases[text[place]] ?? []).compactMap { phrase in
        guard text[place...].starts(with: phrase.scalars) else { return nil }
        return (place..<place + phrase.scalars.count, phrase.number)
      }
    }
  }
}
