/// Which emoji show the things a plot speaks of.
struct PlotEmoji: Sendable {
  /// Emojis of a title that has enough to show.
  static let usual = 5
  /// What stands for a plot of which too little is told.
  static let ofAnyPlot = ["🎬", "🎞️", "🍿"]
  /// What a thing must weigh to be shown: rarer words and exact names weigh more.
  static let least: Float = 2.6

  /// A family -> the emoji that shows it.
  let feelings: [String: String]
  private let things: [String: [NamedWeight]]

  init(_ resource: ModelResource) throws(LocalModelError) {
    self.feelings = Dictionary(
      try resource.rows("FEMO", columns: 2).map { ($0[0], $0[1]) }
    ) { first, _ in first }
    self.things = Dictionary(
      try resource.rows("OBJE", columns: 2).map { ($0[0], NamedWeight.list($0[1])) }
    ) { first, _ in first }
  }

  /// - Returns: Emojis of things that `words` name, the most telling first.
  func things(in words: [String]) -> [String] {
    var weights: [String: Float] = [:]
    var order: [String] = []
    var seen: Set<String> = []
    for word in words {
      for form in forms(of: word) where seen.insert(form).inserted {
        for item in self.things[form] ?? [] {
          if weights[item.name] == nil { order.append(item.name) }
          weights[item.name, default: 0] += item.weight
        }
      }
    }
    let told = order.filter { weights[$0, default: 0] >= Self.least }
    let sorted = told.enumerated().sorted {
      let (first, second) = (weights[$0.element, default: 0], weights[$1.element, default: 0])
      return first == second ? $0.offset < $1.offset : first > second
    }
    return sorted.map { presented($0.element) }
  }
}

/// - Returns: A word and what it may be a form of.
private func forms(of word: String) -> [String] {
  var found = [word]
  for (ending, replacement) in endings
  where word.hasSuffix(ending) && word.count > ending.count + 2 {
    found.append(word.dropLast(ending.count) + replacement)
  }
  return found
}

private let endings = [("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ed", ""), ("ers", "")]

/// Asks for the coloured form of a sign that is plain by default.
private func presented(_ emoji: String) -> String {
  guard emoji.unicodeScalars.count == 1, let scalar = emoji.unicodeScalars.first,
    !scalar.properties.isEmojiPresentation
  else { return emoji }
  return emoji + "\u{FE0F}"
}
