/// How titles are put to the model, as earlier answers to them have taught.
package struct BatchHandling: Sendable, Hashable {
  /// What `narrowing` and `formsRefused` may be.
  package static let narrowings = 0...2
  package static let refusals = 0...9

  /// How often an answer to these titles could not be read.
  package var narrowing: Int
  /// How many forms of answer the provider has refused, from the strictest on.
  package var formsRefused: Int

  /// - Parameters:
  ///   - narrowing: What is outside of `narrowings` counts as the nearest inside.
  ///   - formsRefused: What is outside of `refusals` counts as the nearest inside.
  package init(narrowing: Int = 0, formsRefused: Int = 0) {
    self.narrowing = min(max(narrowing, Self.narrowings.lowerBound), Self.narrowings.upperBound)
    self.formsRefused = min(max(formsRefused, Self.refusals.lowerBound), Self.refusals.upperBound)
  }

  /// The most titles of one request: a bad answer spoils that many.
  var titlesPerRequest: Int { [10, 3, 1][self.narrowing] }

  /// How many times as long as usual an answer may be: some models think in it.
  var room: Int { [1, 4, 16][self.narrowing] }

  /// Whether the form of the answer stands in the instructions too.
  var isSpelledOut: Bool { self.narrowing > 0 }
}

/// Which titles of a batch a request is about, as its id says.
///
/// The id is all that comes back with a result: without the titles it has to tell whose answer it is.
enum BatchLayout {
  /// Of the batches of earlier versions, whose ids only number the requests.
  private static let titlesOfNumbered = 10

  static func id(of titles: Range<Int>, key: String) -> String {
    "\(key)-\(titles.lowerBound)-\(titles.count)"
  }

  /// The places of a request's titles.
  ///
  /// - Parameters:
  ///   - id: Of the request.
  ///   - key: Of the batch.
  ///   - count: Of all titles of the batch.
  /// - Returns: `nil` for an id that is none of the batch's.
  static func titles(of id: String, key: String, count: Int) -> Range<Int>? {
    guard id.hasPrefix("\(key)-") else { return nil }
    let parts = id.dropFirst(key.count + 1)
      .split(separator: "-", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count, numbers.allSatisfy((0...count).contains) else {
      return nil
    }
    switch numbers.count {
    case 1:
      let start = numbers[0] * Self.titlesOfNumbered
      guard start < count else { return nil }
      return start..<min(start + Self.titlesOfNumbered, count)
    case 2:
      guard numbers[1] > 0, numbers[0] + numbers[1] <= count else { return nil }
      return numbers[0]..<numbers[0] + numbers[1]
    default: return nil
    }
  }
}
