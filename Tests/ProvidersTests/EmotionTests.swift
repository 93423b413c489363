import Providers
import Testing

@Suite struct `Emotions as models write them` {
  @Test(
    arguments: [
      ("joy", "joy"), ("  Quiet   LONGING ", "quiet longing"), ("self-doubt", "self-doubt"),
      ("fear_of_loss", "fear of loss"), ("one two three", "one two three"),
      (String(repeating: "a", count: 40), String(repeating: "a", count: 40)),
      (String(repeating: "a", count: 41), nil), ("one two three four", nil), ("", nil), ("  ", nil),
      ("joy!", nil), ("<b>joy</b>", nil), ("joy\0", nil), ("radość", nil), ("7", nil), ("-", nil),
      ("joy-", nil), ("喜び", nil),
    ] as [(String, String?)]
  )
  func `a name is 1 to 3 plain words of 40 letters at most`(raw: String, clean: String?) {
    #expect(Emotion(named: raw, intensity: 0.5)?.name == clean)
  }

  @Test(arguments: [(-1.0, 0.0), (0, 0), (0.3, 0.3), (1, 1), (1.5, 1), (1e308, 1)])
  func `an intensity is clamped to 0...1`(raw: Double, clamped: Double) {
    #expect(Emotion(named: "joy", intensity: raw)?.intensity == clamped)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func `an intensity that is no number makes no emotion`(raw: Double) {
    #expect(Emotion(named: "joy", intensity: raw) == nil)
  }

  @Test func `the strongest come first, each once, ties in their order`() {
    let emotions = [("a", 0.1), ("b", 0.9), ("c", 0.5), ("a", 0.7), ("d", 0.5), ("e", 0.0)]
      .compactMap { Emotion(named: $0.0, intensity: $0.1) }
    #expect(emotions.strongest(8).map(\.name) == ["b", "a", "c", "d", "e"])
    #expect(emotions.strongest(8).map(\.intensity) == [0.9, 0.7, 0.5, 0.5, 0])
    #expect(emotions.strongest(2).map(\.name) == ["b", "a"])
    #expect([Emotion]().strongest(8).isEmpty)
  }

  @Test(arguments: ["😭", "💔", "🕵️", "👨‍👩‍👧", "🇫🇷", "1️⃣", "#️⃣", "❤️", "☠️", "👍🏽", "🏴‍☠️"])
  func `an emoji is one, however many scalars it takes`(emoji: Character) {
    #expect(emoji.isEmoji)
  }

  @Test(arguments: ["a", "1", "#", "*", "©", "é", "🇫", " ", "<", "→", "喜", "\u{FE0F}", "\u{200D}"])
  func `what is drawn as text is no emoji`(character: Character) {
    #expect(!character.isEmoji)
  }

  @Test func `emojis are found among other text, each once`() {
    #expect(emojis(in: ["😭", "a😀b", "😭💔", "x"], atMost: 8) == ["😭", "😀", "💔"])
    #expect(emojis(in: ["😭😀💔"], atMost: 2) == ["😭", "😀"])
    #expect(emojis(in: [], atMost: 8).isEmpty)
  }
}
