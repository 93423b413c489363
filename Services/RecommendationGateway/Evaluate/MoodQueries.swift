import CatalogStore

/// Moods with what fits them among titles: genres, or words of what a title is about.
struct MoodQueries: Sendable {
  struct Query: Sendable {
    var mood: String
    /// What sort of mood it is, such as "intent" or "topic".
    var kind: String
    /// A title of any of these fits.
    var genres: Set<String>
    /// So does a title whose name or description has one of these words or its plural; those that
    /// end in "*" stand for all that begin so.
    var words: [String]

    func fits(_ title: CatalogTitle) -> Bool {
      if title.genres.contains(where: self.genres.contains) { return true }
      guard !self.words.isEmpty else { return false }
      let said = "\(title.name) \(title.description)".lowercased().split {
        !$0.isLetter && $0 != "-"
      }
      return said.contains { said in
        self.words.contains { word in
          word.hasSuffix("*")
            ? said.hasPrefix(word.dropLast()) : said == word || said == word + "s"
        }
      }
    }
  }

  struct Malformed: Error, CustomStringConvertible {
    let description: String
  }

  var queries: [Query]

  /// Reads lines of a mood, its kind, genres and words (commas between), tabs
  /// between; lines that begin with "#" are left out.
  init(_ tsv: String) throws(Malformed) {
    var queries: [Query] = []
    for line in tsv.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count >= 3, !fields[0].isEmpty, !fields[1].isEmpty else {
        throw Malformed(description: "not a line of mood, kind, genres and words: \(line)")
      }
      let lists = fields[2...].map { $0.lowercased().split(separator: ",").map(String.init) }
      guard lists.contains(where: { !$0.isEmpty }) else {
        throw Malformed(description: "neither genres nor words: \(line)")
      }
      queries.append(
        Query(
          mood: fields[0],
          kind: fields[1],
          genres: Set(lists[0]),
          words: lists.count > 1 ? lists[1] : []
        )
      )
    }
    self.queries = queries
  }
}
