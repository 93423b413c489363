/// A rating of the USA, for films or for television, ordered by the age it asks for.
///
/// Sources: https://www.filmratings.com/ and http://www.tvguidelines.org/ratings.html
package struct AgeRating: Sendable, Hashable, Comparable {
  /// 0, for everybody, to 6, for adults; ratings of films and of television share the ranks.
  package let rank: UInt8

  /// Every rating, mildest first.
  package static let names = [
    "TV-Y", "TV-G", "G", "TV-Y7", "PG", "TV-PG", "PG-13", "TV-14", "R", "TV-MA", "NC-17",
  ]

  /// `nil` unless `name` is one of `names`.
  package init?(_ name: String) {
    switch name {
    case "TV-Y", "TV-G", "G": self.rank = 0
    case "TV-Y7": self.rank = 1
    case "PG", "TV-PG": self.rank = 2
    case "PG-13": self.rank = 3
    case "TV-14": self.rank = 4
    case "R", "TV-MA": self.rank = 5
    case "NC-17": self.rank = 6
    default: return nil
    }
  }

  package static func < (left: AgeRating, right: AgeRating) -> Bool {
    left.rank < right.rank
  }
}
