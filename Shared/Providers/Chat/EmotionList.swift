/// Reads emotions that stand in words instead of JSON.
///
/// Small models answer `emotions: [joy, awe]`, `**Emotions:** joy (0.8), awe` or a bare `[joy,
/// awe]`, whatever they are asked for. Prose is no list: without the word or the brackets nothing
/// is read.
enum EmotionList {
  private static let maxScalars = 2000

  /// The emotions of the list, at most 8; none where there is no list.
  static func emotions(in content: String) -> [Emotion] {
    let text = content.withoutThoughts.lowercased()
    guard text.unicodeScalars.count <= Self.maxScalars, let list = Self.list(in: text),
      // Otherwise it is JSON of another shape, whose names are no emotions.
      !list.contains("{")
    else {
      return []
    }
    let items = list.split { ",;|\n\r".contains($0) }
    let emotions = items.enumerated().compactMap { index, item in
      Self.emotion(String(item), rank: index)
    }
    return emotions.strongest(8)
  }

  /// What stands in brackets or on the line after the word "emotions", or the whole text where
  /// brackets surround it.
  private static func list(in text: String) -> Substring? {
    let trimmed = text.trimmed
    if trimmed.first == "[", trimmed.last == "]" { return trimmed.dropFirst().dropLast() }
    guard let label = text.firstRange(of: "emotions") else { return nil }
    let rest = text[label.upperBound...].drop { "\"'`* \t".contains($0) }
    guard let mark = rest.first, ":=".contains(mark) else { return nil }
    let value = rest.dropFirst().drop { "\"'`* \t".contains($0) }
    guard value.first == "[" else { return value.prefix { !$0.isNewline } }
    return value.dropFirst().firstIndex(of: "]").map { value.dropFirst()[..<$0] }
  }

  /// One item, as in "joy", "'joy'", "joy (0.8)" or "joy: 0.8".
  ///
  /// Without an intensity the place in the list stands for it: 0.8 first, down to 0.1.
  private static func emotion(_ item: String, rank: Int) -> Emotion? {
    let words = item.split { " \t\"'`*():={}".contains($0) }
    let numbers = words.compactMap { Double($0) }
    let name = words.filter { Double($0) == nil }.joined(separator: " ")
    guard numbers.count <= 1, !["none", "n/a", "unknown"].contains(name) else { return nil }
    return Emotion(named: name, intensity: numbers.first ?? max(0.1, 0.8 - 0.1 * Double(rank)))
  }
}
