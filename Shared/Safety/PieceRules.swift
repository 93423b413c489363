import Foundation

/// Rules whose pattern is a piece of text, for languages that put no spaces between words.
struct PieceRules: Sendable {
  private struct Rule: Sendable {
    var piece: [Unicode.Scalar]
    var language: String
    /// `nil` for a piece that means something else, and is passed over.
    var level: SafetyLevel?
  }

  /// By the scalar that a piece begins with.
  private var rules: [Unicode.Scalar: [Rule]] = [:]
  /// No piece begins with a lower one, so that most of a Latin text is not looked up.
  private var lowest: Unicode.Scalar = "\u{10FFFF}"

  /// Adds a rule whose piece is written as `FoldedText.joined` is.
  mutating func add(_ piece: String, language: String, level: SafetyLevel?) {
    let piece = Self.scalars(piece)
    guard let first = piece.first else { return }
    self.rules[first, default: []].append(
      Rule(piece: piece, language: language, level: level)
    )
    self.lowest = min(self.lowest, first)
  }

  /// What the highest rule whose piece is in `joined`, outside of what is passed over, tells.
  ///
  /// - Complexity: O(length): a few pieces are looked at for each scalar.
  func finding(in joined: String) -> CrisisPhrases.Finding {
    var finding = CrisisPhrases.Finding()
    guard joined.unicodeScalars.contains(where: { $0 >= self.lowest }) else { return finding }
    var text = Self.scalars(joined)
    for place in text.indices {
      for rule in self.matches(in: text, at: place) where rule.level == nil {
        for masked in place..<place + rule.piece.count { text[masked] = " " }
      }
    }
    for place in text.indices {
      for rule in self.matches(in: text, at: place) {
        if let level = rule.level { finding.raise(to: level, language: rule.language) }
      }
    }
    return finding
  }

  private func matches(in text: [Unicode.Scalar], at place: Int) -> [Rule] {
    guard text[place] >= self.lowest, let rules = self.rules[text[place]] else { return [] }
    return rules.filter { text[place...].starts(with: $0.piece) }
  }

  /// Composed, so that a Korean syllable is not found as the beginning of another.
  private static func scalars(_ text: String) -> [Unicode.Scalar] {
    Array(text.precomposedStringWithCanonicalMapping.unicodeScalars)
  }
}
