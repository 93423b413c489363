/// One part of a score: an emotion sought, and the title's emotion nearest to it.
package struct RankedEmotion: Sendable, Hashable {
  package let queryEmotion: String
  package let titleEmotion: String
  /// Cosine, -1...1.
  package let similarity: Double
  package let weight: Double
  /// `similarity` x `weight`.
  package let contribution: Double
}

/// One part of a score: how near the title's text is to the text sought.
package struct RankedContent: Sendable, Hashable {
  /// Cosine, -1...1; 0 when the title has no vector.
  package let similarity: Double
  package let weight: Double
  /// `similarity` x `weight`.
  package let contribution: Double
}

/// A title with its score and the parts that it consists of.
package struct RankedTitle: Sendable, Hashable {
  package let id: String
  /// The contributions of `matches`, then that of `content`, added in this order.
  package let score: Double
  /// One for each emotion sought, in the order of the query; none for a title without emotions.
  package let matches: [RankedEmotion]
  /// `nil` when the query has no content.
  package let content: RankedContent?
}

/// The best titles for a query.
package struct Ranking: Sendable, Hashable {
  /// Best first; equal scores by id.
  package let titles: [RankedTitle]
  /// Titles that passed the filter.
  package let candidates: Int
  /// True when no candidate outside `titles` can have a higher score than those in it.
  package let exact: Bool
}
