/// An emotion and how strongly it is felt.
package struct Emotion: Sendable, Hashable {
  /// 1 to 3 lower-case English words of at most 40 letters, spaces and hyphens in all.
  package let name: String
  /// 0 (barely) to 1 (overwhelming), in thousandths.
  package let intensity: Double

  /// Cleans what a model wrote.
  ///
  /// - Returns: `nil` when the name is no emotion's: empty, too long, or not made of words.
  package init?(named raw: String, intensity: Double) {
    let words = raw.lowercased().split { $0.isWhitespace || $0 == "_" }
    let name = words.joined(separator: " ")
    guard (1...3).contains(words.count), name.utf8.count <= Self.maxNameLength,
      words.allSatisfy({ Self.isWord($0) }), intensity.isFinite
    else { return nil }
    self.name = name
    self.intensity = (min(1, max(0, intensity)) * 1000).rounded() / 1000
  }

  private static let maxNameLength = 40

  private static func isWord(_ word: Substring) -> Bool {
    word.utf8.first != UInt8(ascii: "-") && word.utf8.last != UInt8(ascii: "-")
      && word.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "-")
      }
  }
}

extension [Emotion] {
  /// The strongest `count` of these, strongest first, each name once with its highest intensity.
  ///
  /// Emotions of equal intensity keep their order.
  package func strongest(_ count: Int) -> [Emotion] {
    let ranked = self.enumerated().sorted {
      ($1.element.intensity, $0.offset) < ($0.element.intensity, $1.offset)
    }
    var seen: Set<String> = []
    return Array(ranked.map(\.element).filter { seen.insert($0.name).inserted }.prefix(count))
  }
}
