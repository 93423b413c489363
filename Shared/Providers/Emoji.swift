extension Character {
  /// Whether this is drawn as one emoji: a plain one, a flag, a keycap, or a joined sequence.
  ///
  /// Source: https://www.unicode.org/reports/tr51/#def_emoji_sequence
  package var isEmoji: Bool {
    let scalars = self.unicodeScalars
    guard let first = scalars.first else { return false }
    let isVariant = scalars.dropFirst().first?.value == Self.emojiVariation
    if first.properties.isASCIIHexDigit || first == "#" || first == "*" {
      return isVariant && scalars.last?.value == Self.keycap
    }
    if Self.regionalIndicators.contains(first.value) {
      return scalars.count == 2 && scalars.allSatisfy { Self.regionalIndicators.contains($0.value) }
    }
    return first.properties.isEmojiPresentation || first.properties.isEmoji && isVariant
  }

  private static let emojiVariation: UInt32 = 0xFE0F
  private static let keycap: UInt32 = 0x20E3
  private static let regionalIndicators: ClosedRange<UInt32> = 0x1F1E6...0x1F1FF
}

/// Picks the emojis out of what a model wrote.
///
/// - Parameters:
///   - texts: One emoji each, or several in a row.
///   - count: The most to pick.
/// - Returns: Each emoji once, in the order of the texts.
package func emojis(in texts: [String], atMost count: Int) -> [String] {
  var seen: Set<Character> = []
  let found = texts.joined().filter { $0.isEmoji && seen.insert($0).inserted }
  return found.prefix(count).map(String.init)
}
