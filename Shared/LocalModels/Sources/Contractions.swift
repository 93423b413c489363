/// Appends a word without apostrophes, taken apart where it is a contraction.
func appendExpanded(_ word: String, to words: inout [String]) {
  guard word.utf8.contains(0x27) else {
    words.append(word)
    return
  }
  let parts = word.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
  guard var stem = parts.first else { return }
  for ending in parts.dropFirst() {
    if ending == "t", stem.utf8.count > 1, stem.utf8.last == UInt8(ascii: "n") {
      let short = String(stem.dropLast())
      words.append(contractedStems[short] ?? short)
      stem = "not"
    } else {
      words.append(stem)
      stem = contractedEndings[ending] ?? ending
    }
  }
  words.append(stem)
}

private let contractedEndings = ["m": "am", "re": "are", "ve": "have", "ll": "will"]
private let contractedStems = ["ca": "can", "wo": "will", "sha": "shall", "ai": "is"]
