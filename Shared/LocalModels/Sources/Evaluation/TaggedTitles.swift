import Glibc

/// Titles with tags that someone gave them.
package struct TaggedTitles: Sendable {
  package struct Title: Sendable {
    package var name: String
    package var description: String
    package var genres: [String]
  }

  /// Those that have tags.
  package let titles: [Title]
  private let tags: [Set<String>]

  /// Reads a header line and columns title, description, genres (`['a', 'b']`) and emotions
  /// (`[a, b]`), in any order.
  ///
  /// At most `limit` rows are read.
  package init(_ csv: String, limit: Int? = nil) throws(Evaluation.Malformed) {
    let rows = commaSeparated(csv)
    let columns = ["title", "description", "genres", "emotions"].map { name in
      rows.first?.firstIndex(of: name)
    }
    guard let title = columns[0], let description = columns[1], let genres = columns[2],
      let emotions = columns[3]
    else {
      throw Evaluation.Malformed(
        description: "no columns title, description, genres and emotions"
      )
    }
    var titles: [Title] = []
    var tags: [Set<String>] = []
    for row in rows.dropFirst().prefix(limit ?? .max) {
      guard row.count > max(title, description, genres, emotions) else {
        throw Evaluation.Malformed(
          description: "a row of \(row.count) columns: \(row.first ?? "")"
        )
      }
      let given = Set(listed(row[emotions]).map { $0.lowercased() })
      guard !given.isEmpty else { continue }
      tags.append(given)
      titles.append(
        Title(
          name: row[title],
          description: row[description],
          genres: listed(row[genres])
        )
      )
    }
    self.titles = titles
    self.tags = tags
  }

  /// Judges the emotions of each of `titles`, strongest first; none where there was no answer.
  package func judged(_ answers: [[String]]) -> Evaluation.Titles {
    var precisions: [Double] = []
    var gains: [Double] = []
    for (names, tags) in zip(answers, self.tags) {
      let hits = names.prefix(8).map { tags.contains($0) ? 1.0 : 0 }
      precisions.append(hits.reduce(0, +) / 8)
      let ideal = (0..<min(8, tags.count)).reduce(0) { $0 + discount($1) }
      gains.append(hits.enumerated().reduce(0) { $0 + $1.element * discount($1.offset) } / ideal)
    }
    return Evaluation.Titles(
      precisionAt8: precisions.mean,
      ndcgAt8: gains.mean,
      distinctTags: Set(answers.joined()).count,
      unanswered: answers.count(where: \.isEmpty)
    )
  }
}

/// What a hit at a place, 0 being the first, is worth.
private func discount(_ place: Int) -> Double { 1 / log2(Double(place + 2)) }

/// Reads "['a', 'b']", "{a,b}" or "[a, b]".
private func listed(_ field: String) -> [String] {
  field.split(separator: ",").map { part in
    part.filter { !"[]{}'\"".contains($0) }.trimmed
  }.filter { !$0.isEmpty }
}

extension String {
  /// Without spaces at both ends.
  fileprivate var trimmed: String {
    let start = self.drop(while: \.isWhitespace)
    guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...end])
  }
}

/// Reads comma-separated values; quotes hold commas, line breaks and doubled quotes.
private func commaSeparated(_ text: String) -> [[String]] {
  var rows: [[String]] = []
  var row: [String] = []
  var field = ""
  var isQuoted = false
  var isQuoteDue = false
  func close(row isLast: Bool) {
    row.append(field)
    field = ""
    isQuoteDue = false
    guard isLast else { return }
    if row != [""] { rows.append(row) }
    row = []
  }
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"":
      if isQuoteDue { field.unicodeScalars.append(scalar) }
      isQuoteDue = isQuoted
      isQuoted.toggle()
    case "," where !isQuoted: close(row: false)
    case "\n" where !isQuoted: close(row: true)
    case "\r" where !isQuoted: continue
    default:
      isQuoteDue = false
      field.unicodeScalars.append(scalar)
    }
  }
  close(row: true)
  return rows
}
