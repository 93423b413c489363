import Foundation

/// A text as phrases are compared with it: lower case, without accents, in words.
struct FoldedText: Sendable, Hashable {
  /// Letters and digits; short forms such as "don't" are written out.
  var words: [String]
  /// The words one after the other, for languages that put no spaces between them.
  var joined: String
  /// Whether it has a word or an emoji of laughter.
  var laughs: Bool

  init(_ text: String) {
    var words: [String] = []
    var word = ""
    // Styled capitals ("𝐈") have no lower case before they are decomposed, and "İ" none after.
    let plain = text.lowercased().decomposedStringWithCompatibilityMapping.lowercased()
    for scalar in plain.unicodeScalars {
      switch scalar.properties.generalCategory {
      // Vowel signs of Indic scripts are spacing or not, so only what Latin, Greek and Cyrillic
      // letters carry is left out.
      case .nonspacingMark where (0x300...0x36F).contains(scalar.value): continue
      case .format: continue
      case .lowercaseLetter where Self.plainLetters[scalar] != nil:
        word += Self.plainLetters[scalar] ?? ""
      case .lowercaseLetter, .otherLetter, .modifierLetter, .decimalNumber, .nonspacingMark,
        .spacingMark:
        word.unicodeScalars.append(scalar)
      case .finalPunctuation, .initialPunctuation, .otherPunctuation, .modifierSymbol:
        guard Self.apostrophes.contains(scalar) else { fallthrough }
        word.unicodeScalars.append("'")
      default:
        if !word.isEmpty { words.append(word) }
        word = ""
      }
    }
    if !word.isEmpty { words.append(word) }
    self.words = Self.joiningLetters(words).flatMap(Self.writtenOut)
    self.joined = self.words.joined()
    self.laughs =
      text.unicodeScalars.contains { $0 == "😂" || $0 == "🤣" }
      || self.words.contains { Self.laughter.contains($0) || $0.hasPrefix("haha") }
  }

  private static let apostrophes: Set<Unicode.Scalar> = [
    "'", "\u{2019}", "\u{2018}", "\u{B4}", "`",
  ]

  /// Letters that don't come apart into a plain one and an accent.
  private static let plainLetters: [Unicode.Scalar: String] = [
    "ł": "l", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i", "đ": "d",
  ]

  /// Joins what was spelled out letter by letter, as in "d i e".
  private static func joiningLetters(_ words: [String]) -> [String] {
    var joined: [String] = []
    var spelled = ""
    func end() {
      guard !spelled.isEmpty else { return }
      if spelled.count >= 3 { joined.append(spelled) } else { joined += spelled.map { String($0) } }
      spelled = ""
    }
    for word in words {
      if word.count == 1, word.first?.isLetter == true, word.utf8.count == 1 {
        spelled += word
      } else {
        end()
        joined.append(word)
      }
    }
    end()
    return joined
  }

  private static func writtenOut(_ word: String) -> [String] {
    if let known = Self.shortForms[word] { return known }
    guard word.utf8.contains(UInt8(ascii: "'")) else { return [word] }
    for (ending, rest) in Self.endings where word.hasSuffix(ending) && word != ending {
      return [String(word.dropLast(ending.count)), rest]
    }
    return word.split(separator: "'").map(String.init)
  }

  private static let laughter: Set<String> = [
    "lol", "lmao", "rofl", "jaja", "jajaja", "mdr", "kkk",
  ]

  private static let endings = [
    ("n't", "not"), ("'m", "am"), ("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'d", "would"),
  ]

  private static let shortForms = [
    "can't": ["can", "not"], "cant": ["can", "not"], "cannot": ["can", "not"],
    "won't": ["will", "not"], "dont": ["do", "not"], "didnt": ["did", "not"],
    "doesnt": ["does", "not"], "wont": ["will", "not"], "isnt": ["is", "not"],
    "arent": ["are", "not"], "wouldnt": ["would", "not"], "couldnt": ["could", "not"],
    "shouldnt": ["should", "not"], "wasnt": ["was", "not"], "havent": ["have", "not"],
    "what's": ["what", "is"], "whats": ["what", "is"], "life's": ["life", "is"],
    "there's": ["there", "is"], "theres": ["there", "is"],
    "im": ["i", "am"], "ive": ["i", "have"], "id": ["i", "would"], "u": ["you"],
    "wanna": ["want", "to"], "gonna": ["going", "to"], "gotta": ["have", "to"],
    "anymore": ["any", "more"], "suicde": ["suicide"], "sucide": ["suicide"],
    "suicidial": ["suicidal"], "sewerslide": ["suicide"], "suiside": ["suicide"],
    "dissapear": ["disappear"], "disapear": ["disappear"], "exsist": ["exist"], "kil": ["kill"],
    "myselff": ["myself"], "mself": ["myself"],
  ]
}
