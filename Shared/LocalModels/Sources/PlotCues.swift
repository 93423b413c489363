/// Words and phrases of plots that speak for one of several things, such as tags.
struct PlotCues: Sendable {
  /// Phrase, in the tokenizer's spelling -> the places of what it speaks for.
  private let places: [String: [Int]]
  /// Words of the longest phrase.
  private let longest: Int

  /// Takes the phrases of each place, commas between, in the tokenizer's spelling.
  init(_ lists: [String]) {
    var places: [String: [Int]] = [:]
    var longest = 1
    for (place, list) in lists.enumerated() {
      for phrase in list.parts(",") {
        places[phrase, default: []].append(place)
        longest = max(longest, phrase.utf8.count { $0 == UInt8(ascii: " ") } + 1)
      }
    }
    self.places = places
    self.longest = longest
  }

  /// - Returns: How many different phrases of each place stand in `words`; an s at a phrase's end
  ///   may be left out of account.
  func counts(in words: [String]) -> [Int: Int] {
    var seen: Set<String> = []
    var counts: [Int: Int] = [:]
    for start in words.indices {
      var phrase = ""
      for word in words[start...].prefix(self.longest) {
        phrase += phrase.isEmpty ? word : " " + word
        guard let known = self.known(phrase), seen.insert(known).inserted else { continue }
        for place in self.places[known] ?? [] { counts[place, default: 0] += 1 }
      }
    }
    return counts
  }

  private func known(_ phrase: String) -> String? {
    if self.places[phrase] != nil { return phrase }
    guard phrase.utf8.last == UInt8(ascii: "s") else { return nil }
    let singular = String(phrase.dropLast())
    return self.places[singular] == nil ? nil : singular
  }
}
