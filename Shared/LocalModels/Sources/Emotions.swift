/// An emotion and how strongly it is felt, 0...1.
package struct EmotionScore: Sendable, Hashable {
  package var name: String
  package var intensity: Double

  package init(name: String, intensity: Double) {
    self.name = name
    self.intensity = intensity
  }
}

/// What was read in a mood: 1...8 emotions, strongest first.
package struct MoodReading: Sendable {
  package var emotions: [EmotionScore]
  /// 0...1, low when nothing was recognised.
  package var confidence: Double
  /// BCP 47, "und" when unknown.
  package var language: String
}

/// 8 emotions a title makes its watcher feel and 3...8 emojis that tell its plot.
package struct TitleTags: Sendable {
  package var emotions: [EmotionScore]
  package var emojis: [String]
}
