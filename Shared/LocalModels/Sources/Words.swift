/// Splits text into lower-case words without accents, and single symbols.
///
/// Contractions are taken apart ("can't" becomes "can", "not"), so that a denial is a word, and
/// slang is spelled out ("idk" becomes "i do not know").
struct WordSplitter: Sendable {
  /// For each scalar below U+2000 up to three it reads as: lower case, no accent, none for a mark.
  private let folds: [SIMD3<UInt32>]
  /// Slang and contractions without apostrophes -> the words they are read as.
  private let spellings: [String: [String]]

  init(_ resource: ModelResource) throws(LocalModelError) {
    var reader = try resource.reader("FOLD")
    let values = try reader.integers(reader.remaining / 4, of: UInt32.self)
    try reader.end()
    guard !values.isEmpty, values.count % 4 == 0 else {
      throw LocalModelError(.malformed, "section FOLD holds \(values.count) numbers")
    }
    var folds = (0..<UInt32(0x2000)).map { SIMD3($0, 0, 0) }
    for start in stride(from: 0, to: values.count - 3, by: 4) where values[start] < 0x2000 {
      folds[Int(values[start])] = SIMD3(values[start + 1], values[start + 2], values[start + 3])
    }
    self.folds = folds
    self.spellings = Dictionary(
      try resource.rows("SPEL", columns: 2).map { ($0[0], $0[1].parts(" ")) }
    ) { first, _ in first }
  }

  /// Whether a word is slang that is read as other words.
  func spells(_ word: String) -> Bool { self.spellings[word] != nil }

  /// - Parameters:
  ///   - text: What is split.
  ///   - limit: The scalars that are read.
  ///   - isSpelled: Whether slang is spelled out.
  /// - Returns: Words and symbols in order.
  func words(
    of text: some Sequence<Unicode.Scalar>,
    limit: Int = 8_000,
    isSpelled: Bool = true
  ) -> [String] {
    let scalars = self.folded(text, limit: limit)
    var found: [String] = []
    var word: [UInt8] = []
    func close() {
      guard !word.isEmpty else { return }
      let closed = String(decoding: word, as: UTF8.self)
      if isSpelled, let read = self.spellings[closed] {
        found.append(contentsOf: read)
      } else {
        appendExpanded(closed, to: &found)
      }
      word.removeAll(keepingCapacity: true)
    }
    for (index, scalar) in scalars.enumerated() {
      switch Self.kind(of: scalar) {
      case .word:
        append(scalar, to: &word)
      case .mark:
        continue
      case .space:
        close()
      case .symbol:
        if scalar == apostrophe, let last = word.last, last != UInt8(apostrophe),
          index + 1 < scalars.count, Self.kind(of: scalars[index + 1]) == .word
        {
          word.append(UInt8(apostrophe))
        } else {
          close()
          var symbol: [UInt8] = []
          append(scalar, to: &symbol)
          found.append(String(decoding: symbol, as: UTF8.self))
        }
      }
    }
    close()
    return found
  }

  /// Spells a word as `words(of:)` would.
  func plain(_ word: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    for scalar in self.folded(word.unicodeScalars, limit: word.unicodeScalars.count) {
      append(scalar, to: &bytes)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func folded(_ text: some Sequence<Unicode.Scalar>, limit: Int) -> [UInt32] {
    var scalars: [UInt32] = []
    for scalar in text.prefix(limit) {
      let value = scalar.value
      if value < 0x80 {
        scalars.append(
          value >= 0x41 && value <= 0x5A ? value | 0x20 : value == 0x60 ? apostrophe : value
        )
      } else if apostrophes.contains(value) {
        scalars.append(apostrophe)
      } else if value < 0x2000 {
        let fold = self.folds[Int(value)]
        for slot in 0..<3 where fold[slot] != 0 { scalars.append(fold[slot]) }
      } else {
        scalars.append(value)
      }
    }
    return scalars
  }

  enum Kind { case word, mark, space, symbol }

  static func kind(of scalar: UInt32) -> Kind {
    if scalar < 0x80 {
      let isWord = (scalar >= 0x61 && scalar <= 0x7A) || (scalar >= 0x30 && scalar <= 0x39)
      return isWord ? .word : scalar <= 0x20 || scalar == 0x7F ? .space : .symbol
    }
    guard let category = Unicode.Scalar(scalar)?.properties.generalCategory else { return .space }
    switch category {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .letterNumber, .otherNumber:
      return .word
    case .nonspacingMark: return .mark
    case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .surrogate,
      .privateUse, .unassigned:
      return .space
    default: return .symbol
    }
  }
}

private let apostrophe: UInt32 = 0x27
private let apostrophes: Set<UInt32> = [0x2019, 0x2018, 0xB4, 0x2BC]

private func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
  if scalar < 0x80 {
    bytes.append(UInt8(scalar))
  } else if let scalar = Unicode.Scalar(scalar) {
    bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }
}
