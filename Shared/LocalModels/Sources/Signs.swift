/// Emoji and emoticons, which show feelings without words.
struct Signs: Sendable {
  private let emoji: [[Unicode.Scalar]: [NamedWeight]]
  private let starts: Set<Unicode.Scalar>
  private let longest: Int
  private let emoticons: [String: [NamedWeight]]
  private let emoticonStarts: Set<Unicode.Scalar>
  private let longestEmoticon: Int

  init(_ resource: ModelResource) throws(LocalModelError) {
    var emoji: [[Unicode.Scalar]: [NamedWeight]] = [:]
    for row in try resource.rows("EMOJ", columns: 2) {
      emoji[Array(row[0].unicodeScalars)] = NamedWeight.list(row[1])
    }
    var emoticons: [String: [NamedWeight]] = [:]
    for row in try resource.rows("EMOT", columns: 2) {
      emoticons[row[0]] = NamedWeight.list(row[1])
    }
    self.emoji = emoji
    self.starts = Set(emoji.keys.compactMap(\.first))
    self.longest = emoji.keys.map(\.count).max() ?? 0
    self.emoticons = emoticons
    self.emoticonStarts = Set(emoticons.keys.compactMap(\.unicodeScalars.first))
    self.longestEmoticon = emoticons.keys.map(\.unicodeScalars.count).max() ?? 0
  }

  /// - Returns: The text without signs, and what each sign shows, in order.
  func split(
    _ text: String,
    limit: Int = 8_000
  ) -> (
    rest: [Unicode.Scalar], found: [[NamedWeight]]
  ) {
    var rest: [Unicode.Scalar] = []
    var found: [[NamedWeight]] = []
    let scalars = Array(text.unicodeScalars.prefix(limit)).filter { !isLook($0) }
    var position = 0
    while position < scalars.count {
      let isPlain = scalars[position].value < 0x80
      let isInside = isPlain && position > 0 && !isSpace(scalars[position - 1])
      if isInside {
        rest.append(scalars[position])
        position += 1
      } else if let (length, shown) = self.sign(at: position, in: scalars) {
        found.append(shown)
        rest.append(" ")
        position += length
      } else {
        rest.append(scalars[position])
        position += 1
      }
    }
    return (rest, found)
  }

  private func sign(at position: Int, in scalars: [Unicode.Scalar]) -> (Int, [NamedWeight])? {
    let scalar = scalars[position]
    if scalar.value >= 0x80, self.starts.contains(scalar) {
      for length in (1...max(1, self.longest)).reversed()
      where position + length <= scalars.count {
        if let shown = self.emoji[Array(scalars[position..<position + length])] {
          return (length, shown)
        }
      }
    }
    guard self.emoticonStarts.contains(scalar) else { return nil }
    let end = scalars[position...].prefix(self.longestEmoticon + 1)
      .firstIndex(where: isSpace)
    let length = (end ?? scalars.count) - position
    guard length <= self.longestEmoticon else { return nil }
    let word = String(String.UnicodeScalarView(scalars[position..<position + length]))
    return self.emoticons[word].map { (length, $0) }
  }
}

/// Whether a scalar only changes how an emoji looks: its presentation or skin.
private func isLook(_ scalar: Unicode.Scalar) -> Bool {
  scalar.value == 0xFE0F || scalar.value == 0xFE0E || (0x1F3FB...0x1F3FF).contains(scalar.value)
}

private func isSpace(_ scalar: Unicode.Scalar) -> Bool {
  scalar.value < 0x80 ? scalar.value <= 0x20 : scalar.properties.isWhitespace
}
