import JSONText

/// What a field's comment says of its range, in the words that our contracts use.
///
/// "1 to 100" is the range of a number or of how many there are, "Up to 32" of how many, "1 to 2,000
/// Unicode scalars" and "not empty" of a text's length, "10 when absent" the default.
struct FieldLimits {
  var number: (least: Double, most: Double)?
  var items: (least: Int, most: Int)?
  var length: (least: Int, most: Int?)?
  /// A regular expression that a text matches.
  var pattern: String?
  var fallback: Int?

  init(_ comment: String, isText: Bool, isRepeated: Bool, isNumber: Bool) {
    if isText {
      self.length = Self.length(comment)
      if comment.contains("no control characters but tab and newline") {
        self.pattern = #"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$"#
      }
    }
    if isRepeated {
      self.items = Self.items(comment)
    } else if isNumber {
      self.number = Self.number(comment)
      self.fallback = comment.firstMatch(of: /(\d[\d,]*) when absent/).flatMap { Self.int($0.1) }
    }
  }

  private static func length(_ comment: String) -> (Int, Int?)? {
    if let match = comment.firstMatch(of: /(\d[\d,]*) to (\d[\d,]*) Unicode scalars/),
      let least = self.int(match.1), let most = self.int(match.2)
    {
      return (least, most)
    }
    if comment.contains("not empty") { return (1, nil) }
    return comment.firstMatch(of: /Up to (\d[\d,]*) Unicode scalars/)
      .flatMap { self.int($0.1) }.map { (0, $0) }
  }

  private static func items(_ comment: String) -> (Int, Int)? {
    if let match = comment.prefixMatch(of: /(\d[\d,]*) to (\d[\d,]*)(?! Unicode)/),
      let least = self.int(match.1), let most = self.int(match.2)
    {
      return (least, most)
    }
    return comment.firstMatch(of: /Up to (\d[\d,]*)/).flatMap { self.int($0.1) }.map { (0, $0) }
  }

  private static func number(_ comment: String) -> (Double, Double)? {
    guard let match = comment.firstMatch(of: /(-?\d[\d,]*)(?: \([a-z]+\))? to (\d[\d,]*)/),
      let least = self.int(match.1), let most = self.int(match.2)
    else { return nil }
    return (Double(least), Double(most))
  }

  private static func int(_ digits: Substring) -> Int? { Int(digits.filter { $0 != "," }) }
}
