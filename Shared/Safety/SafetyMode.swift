/// What answers do when a mood is at level crisis.
package enum SafetyMode: String, Sendable, Hashable, CaseIterable {
  /// Say so, and answer as ever.
  case annotate
  /// Gentle titles instead of matching ones.
  case soften
  /// No titles.
  case withhold
}
