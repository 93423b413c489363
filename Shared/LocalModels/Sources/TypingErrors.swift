/// Finds the word for a feeling that a mistyped word was meant to be.
///
/// A word is taken for another if they are the same after each loses at most one letter, which
/// covers a letter too many, too few, changed or swapped with its neighbour.
struct TypingErrors: Sendable {
  /// Shorter words are like too many others.
  static let shortest = 5

  private let words: [String: String]

  init(_ words: [String]) {
    var known: [String: String] = [:]
    for word in words where word.utf8.count >= Self.shortest {
      for form in shortened(word) where known[form] == nil { known[form] = word }
    }
    for word in words { known[word] = word }
    self.words = known
  }

  /// - Returns: The word meant by one that is in no dictionary, or `nil`.
  func meant(by word: String) -> String? {
    guard word.utf8.count >= Self.shortest, word.utf8.count <= 20 else { return nil }
    return self.words[word] ?? shortened(word).lazy.compactMap { self.words[$0] }.first
  }
}

/// - Returns: The word with each one of its bytes left out.
private func shortened(_ word: String) -> [String] {
  let bytes = Array(word.utf8)
  return bytes.indices.map { place in
    String(decoding: bytes[..<place] + bytes[(place + 1)...], as: UTF8.self)
  }
}
