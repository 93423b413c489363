/// The labels of GoEmotions and what its authors group them by.
///
/// Source: google-research/goemotions/data (emotions.txt, ekman_mapping.json,
/// sentiment_mapping.json)
enum GoEmotions {
  static let labels = [
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion", "curiosity",
    "desire", "disappointment", "disapproval", "disgust", "embarrassment", "excitement", "fear",
    "gratitude", "grief", "joy", "love", "nervousness", "optimism", "pride", "realization",
    "relief", "remorse", "sadness", "surprise", "neutral",
  ]

  /// Ekman's emotions and neutral, as places in `labels`.
  static let ekmanGroups = [
    places("anger", "annoyance", "disapproval"), places("disgust"), places("fear", "nervousness"),
    places(
      "joy",
      "amusement",
      "approval",
      "excitement",
      "gratitude",
      "love",
      "optimism",
      "relief",
      "pride",
      "admiration",
      "desire",
      "caring"
    ),
    places("sadness", "disappointment", "embarrassment", "grief", "remorse"),
    places("surprise", "realization", "confusion", "curiosity"), places("neutral"),
  ]

  /// Positive, negative, ambiguous and neutral, as places in `labels`.
  static let sentiments = [
    places(
      "amusement",
      "excitement",
      "joy",
      "love",
      "desire",
      "optimism",
      "caring",
      "pride",
      "admiration",
      "gratitude",
      "relief",
      "approval"
    ),
    places(
      "fear",
      "nervousness",
      "remorse",
      "embarrassment",
      "disappointment",
      "sadness",
      "grief",
      "disgust",
      "anger",
      "annoyance",
      "disapproval"
    ),
    places("realization", "surprise", "curiosity", "confusion"), places("neutral"),
  ]

  /// Families of ours that go by another name there.
  private static let otherNames = [
    "hope": "optimism", "shame": "embarrassment", "anxiety": "nervousness",
    "contempt": "disapproval",
  ]

  /// The place of the label that is called so, or that a family of ours is called by.
  static func label(of name: String) -> Int? {
    self.labels.firstIndex(of: self.otherNames[name] ?? name)
  }

  private static func places(_ names: String...) -> Set<Int> {
    Set(names.compactMap { self.labels.firstIndex(of: $0) })
  }
}
