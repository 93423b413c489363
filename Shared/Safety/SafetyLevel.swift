/// How much a text says that its writer may come to harm by their own hand.
package enum SafetyLevel: Int, Sendable, Hashable, Comparable, CaseIterable {
  case none
  /// The text touches on it: someone else's death, a wish to vanish, a denial.
  case concern
  /// The writer speaks of wanting to die or of hurting themselves.
  case crisis

  package static func < (one: SafetyLevel, other: SafetyLevel) -> Bool {
    one.rawValue < other.rawValue
  }

  /// As in "crisis".
  package var name: String { "\(self)" }

  /// The level of a name, or `nil` for any other text.
  package init?(name: some StringProtocol) {
    guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }
}
