import CatalogStore
import Contracts
import Safety
import SwiftProtobuf

/// What answers do about moods that are more than moods.
struct SafetyPolicy: Sendable {
  let mode: SafetyMode
  let phrases: CrisisPhrases
  let resources: HelpResources

  /// What is looked for instead of a crisis's own emotions.
  static let gentle: [(name: String, intensity: Double)] = [
    ("hope", 1), ("comfort", 0.9), ("calm", 0.8), ("belonging", 0.7), ("love", 0.6),
  ]

  /// Genres of which softened answers have no title.
  private static let harshGenres = ["horror", "thriller", "crime", "war"]

  func action(at level: SafetyLevel) -> Netflixgpt_Answer_V1_SafetyAction {
    guard level == .crisis else { return .unspecified }
    return switch self.mode {
    case .annotate: .unspecified
    case .soften: .softened
    case .withhold: .withheld
    }
  }

  /// A filter that lets no harsh genre of the catalog pass.
  func softened(_ filter: TitleFilter, genres: [String]) -> TitleFilter {
    var filter = filter
    filter.genresNone += Self.harshGenres.filter { genres.contains($0) }
    return filter
  }

  /// Whether a title's own words keep away from the subject.
  func isGentle(_ title: CatalogTitle) -> Bool {
    self.phrases.level(of: "\(title.name). \(title.description)") == .none
  }

  /// What an answer says of a mood of `level`.
  ///
  /// Help is named for `language`; where nobody told it ("und"), for that of the mood's phrases.
  func message(
    at level: SafetyLevel,
    language: String,
    mood: String
  ) -> Netflixgpt_Answer_V1_Safety {
    .with {
      $0.level = .init(level)
      $0.action = self.action(at: level)
      guard level != .none else { return }
      let phrased = language == "und" ? self.phrases.finding(in: mood).language : nil
      $0.resources = self.resources.resources(for: phrased ?? language).map { resource in
        .with {
          $0.name = resource.name
          $0.contact = resource.contact
          $0.url = resource.url
          $0.region = resource.region
        }
      }
    }
  }
}

extension Netflixgpt_Answer_V1_SafetyLevel {
  init(_ level: SafetyLevel) {
    self =
      switch level {
      case .none: .none
      case .concern: .concern
      case .crisis: .crisis
      }
  }
}

extension SafetyLevel {
  /// A level from another service; one that this side doesn't know is taken seriously.
  init(_ level: Netflixgpt_Answer_V1_SafetyLevel) {
    self =
      switch level {
      case .crisis: .crisis
      case .concern, .UNRECOGNIZED: .concern
      case .unspecified, .none: .none
      }
  }
}
