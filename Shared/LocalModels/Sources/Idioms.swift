/// Phrases that mean a feeling whatever their words say ("over the moon").
struct Idioms: Sendable {
  private let phrases: [String: [(words: [String], feelings: [NamedWeight])]]

  init(_ resource: ModelResource) throws(LocalModelError) {
    var phrases: [String: [(words: [String], feelings: [NamedWeight])]] = [:]
    for row in try resource.rows("IDIO", columns: 2) {
      let words = row[0].parts(" ")
      guard let first = words.first else { continue }
      phrases[first, default: []].append((words, NamedWeight.list(row[1])))
    }
    self.phrases = phrases
  }

  /// - Returns: The feelings of each phrase in `words`, and where it stands.
  func found(in words: [String]) -> [(range: Range<Int>, feelings: [NamedWeight])] {
    var found: [(range: Range<Int>, feelings: [NamedWeight])] = []
    for (start, word) in words.enumerated() {
      for phrase in self.phrases[word] ?? [] {
        let end = start + phrase.words.count
        guard end <= words.count, words[start..<end].elementsEqual(phrase.words) else { continue }
        found.append((start..<end, phrase.feelings))
      }
    }
    return found
  }
}
