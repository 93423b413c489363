/// Phrases that say more than their words do ("over the moon"), and what they say.
struct Phrases: Sendable {
  private let phrases: [String: [(words: [String], meanings: [NamedWeight])]]

  /// - Parameter tag: The section of phrases in the tokenizer's spelling and their meanings.
  init(_ resource: ModelResource, tag: String) throws(LocalModelError) {
    var phrases: [String: [(words: [String], meanings: [NamedWeight])]] = [:]
    for row in try resource.rows(tag, columns: 2) {
      let words = row[0].parts(" ")
      guard let first = words.first else { continue }
      phrases[first, default: []].append((words, NamedWeight.list(row[1])))
    }
    self.phrases = phrases
  }

  /// - Returns: The meanings of each phrase in `words`, and where it stands.
  func found(in words: [String]) -> [(range: Range<Int>, meanings: [NamedWeight])] {
    var found: [(range: Range<Int>, meanings: [NamedWeight])] = []
    for (start, word) in words.enumerated() {
      for phrase in self.phrases[word] ?? [] {
        let end = start + phrase.words.count
        guard end <= words.count, words[start..<end].elementsEqual(phrase.words) else { continue }
        found.append((start..<end, phrase.meanings))
      }
    }
    return found
  }
}
