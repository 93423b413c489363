/// A pattern of words.
///
/// One element stands for one word: `die`, one of several `die|vanish`, a word that may be missing
/// `so?`, or up to three words of any kind `*`. A pattern that begins with `~` is a piece of text,
/// for languages that put no spaces between words.
struct Phrase: Sendable, Hashable {
  enum Element: Sendable, Hashable {
    case word(Set<String>)
    case optional(Set<String>)
    case gap

    var isRequired: Bool { if case .word = self { true } else { false } }

    var words: Set<String> {
      switch self {
      case .word(let words), .optional(let words): words
      case .gap: []
      }
    }
  }

  enum Form: Sendable, Hashable {
    case words([Element])
    case piece(String)
  }

  let form: Form
  /// How many of its elements are denials themselves, as in "do not want to live".
  private let denials: Int

  static let gapLength = 3

  /// Returns `nil` for a pattern without a word to begin with, or with one that no `FoldedText` has.
  init?(_ pattern: some StringProtocol) {
    if pattern.hasPrefix("~") {
      let piece = FoldedText(String(pattern.dropFirst())).joined
      guard !piece.isEmpty else { return nil }
      self.form = .piece(piece)
      self.denials = 0
      return
    }
    let elements = String(pattern).split(separator: " ").map { part -> Element in
      if part == "*" { return .gap }
      let isOptional = part.hasSuffix("?")
      let choices: Substring = isOptional ? part.dropLast() : part
      let words = Set(choices.split(separator: "|").map(String.init))
      return isOptional ? .optional(words) : .word(words)
    }
    guard elements.first != .gap, elements.contains(where: { $0.isRequired }),
      elements.allSatisfy({ $0.words.allSatisfy { FoldedText($0).words == [$0] } })
    else { return nil }
    self.form = .words(elements)
    self.denials = elements.count { element in
      guard case .word(let words) = element else { return false }
      return !words.isDisjoint(with: Self.denyingWords)
    }
  }

  /// The words that a match can begin with; none for a piece of text.
  var firstWords: Set<String> {
    guard case .words(let elements) = self.form else { return [] }
    var first: Set<String> = []
    for element in elements {
      switch element {
      case .optional(let words): first.formUnion(words)
      case .word(let words): return first.union(words)
      case .gap: return first
      }
    }
    return first
  }

  /// The end of a match that begins at `start`, or `nil`.
  func end(in words: [String], from start: Int) -> Int? {
    guard case .words(let elements) = self.form else { return nil }
    return Self.end(of: elements[...], in: words, from: start)
  }

  private static func end(
    of elements: ArraySlice<Element>,
    in words: [String],
    from start: Int
  ) -> Int? {
    guard let element = elements.first else { return start }
    let rest = elements.dropFirst()
    switch element {
    case .word(let choices):
      guard start < words.count, choices.contains(words[start]) else { return nil }
      return self.end(of: rest, in: words, from: start + 1)
    case .optional(let choices):
      if start < words.count, choices.contains(words[start]),
        let end = self.end(of: rest, in: words, from: start + 1)
      {
        return end
      }
      return self.end(of: rest, in: words, from: start)
    case .gap:
      for length in 0...Self.gapLength where start + length <= words.count {
        if let end = self.end(of: rest, in: words, from: start + length) { return end }
      }
      return nil
    }
  }

  /// Whether what is said in a match is denied, before it or inside it.
  ///
  /// Who denies it brings it up all the same, so that a denial lowers a level and never clears it.
  func isDenied(in words: [String], from start: Int, to end: Int) -> Bool {
    let inside = words[start..<end].count { Self.denyingWords.contains($0) }
    if inside > self.denials { return true }
    // The phrase's own denial is what makes it one: those before it speak of something else.
    guard self.denials == 0 else { return false }
    let before = words[max(start - 3, 0)..<start]
    return before.contains { Self.lastingDenials.contains($0) }
      || before.suffix(2).contains { Self.denyingWords.contains($0) }
  }

  private static let lastingDenials: Set<String> = ["never", "nunca", "jamais", "nie", "mai"]
  private static let denyingWords: Set<String> = [
    "not", "never", "no", "nunca", "kein", "keine", "nicht", "nie", "jamais", "pas", "non", "mai",
    "nao", "niet", "nooit", "не",
  ]
}
