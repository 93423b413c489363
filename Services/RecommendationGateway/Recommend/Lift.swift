/// What eases a painful emotion, for `GOAL_LIFT`.
///
/// An emotion is taken for the anchor that its vector lies nearest to; so any word of a model is
/// understood, not only those listed. Film answers a bad mood best with what it lacks: company for
/// loneliness, calm for anger (Zillmann's mood management theory, 1988).
enum Lift {
  /// Painful anchors and what eases each, the most fitting first.
  private static let easing: [(anchors: [String], eases: [String])] = [
    (["sadness", "sorrow", "melancholy", "depression"], ["hope", "comfort", "joy"]),
    (["grief", "heartbreak", "loss"], ["comfort", "hope", "love"]),
    (["loneliness", "isolation"], ["friendship", "belonging", "warmth"]),
    (["disappointment", "failure"], ["hope", "inspiration", "triumph"]),
    (["guilt", "regret"], ["forgiveness", "compassion", "hope"]),
    (["shame", "embarrassment"], ["confidence", "humor", "acceptance"]),
    (["anger", "rage", "hatred"], ["calm", "humor", "relief"]),
    (["annoyance", "frustration"], ["humor", "calm", "delight"]),
    (["jealousy", "resentment", "contempt"], ["compassion", "gratitude", "humor"]),
    (["disgust"], ["delight", "wonder"]),
    (["fear", "terror"], ["courage", "comfort", "relief"]),
    (["anxiety", "stress", "worry"], ["calm", "comfort", "serenity"]),
    (["boredom", "apathy"], ["excitement", "curiosity", "adventure"]),
    (["exhaustion", "tiredness"], ["comfort", "serenity", "amusement"]),
    (["despair", "helplessness", "vulnerability"], ["hope", "courage", "strength"]),
    (["confusion"], ["insight", "calm"]),
  ]

  /// Anchors of emotions that stay as they are.
  private static let pleasant = [
    "joy", "happiness", "amusement", "love", "romance", "excitement", "adventure", "courage",
    "pride", "wonder", "surprise", "curiosity", "calm", "relief", "gratitude", "hope", "admiration",
    "friendship", "nostalgia", "comfort", "desire", "suspense",
  ]

  /// Every word whose vector `sought(for:vectors:)` needs besides those of the emotions.
  static let words: [String] = Set(
    Self.pleasant + Self.easing.flatMap { $0.anchors + $0.eases }
  ).sorted()

  /// What to look for instead of `emotions`: pleasant ones stay, painful ones give way.
  ///
  /// - Parameters:
  ///   - emotions: Names and intensities, strongest first.
  ///   - vectors: Unit vectors of the names and of `words`, as far as the model knows them.
  /// - Returns: 1 to 8 emotions, strongest first; equal ones by name.
  static func sought(
    for emotions: [(name: String, intensity: Double)],
    vectors: [String: [Float]]
  ) -> [(name: String, intensity: Double)] {
    var strengths: [String: Double] = [:]
    for emotion in emotions {
      let eases = Self.eases(emotion.name, vectors: vectors)
      for (rank, name) in (eases ?? [emotion.name]).enumerated() {
        // Each further word for the same need counts three quarters of the one before.
        let strength = (0..<rank).reduce(emotion.intensity) { strength, _ in strength * 0.75 }
        strengths[name] = max(strengths[name] ?? 0, strength)
      }
    }
    return strengths.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .prefix(8).map { (name: $0.key, intensity: $0.value) }
  }

  private static func eases(_ name: String, vectors: [String: [Float]]) -> [String]? {
    if Self.pleasant.contains(name) { return nil }
    if let listed = Self.easing.first(where: { $0.anchors.contains(name) }) { return listed.eases }
    guard let vector = vectors[name] else { return nil }
    func similarity(_ anchor: String) -> Float {
      guard let other = vectors[anchor] else { return -1 }
      return zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let kept = Self.pleasant.map(similarity).max() ?? -1
    let nearest = Self.easing
      .map { (eases: $0.eases, similarity: $0.anchors.map(similarity).max() ?? -1) }
      .max { $0.similarity < $1.similarity }
    guard let nearest, nearest.similarity > kept else { return nil }
    return nearest.eases
  }
}
