extension CatalogRow {
  init(_ record: [CSVField], header: CatalogHeader) throws(RowProblem) {
    let fields = RowFields(header: header, record: record)
    guard record.count == header.count else {
      throw RowProblem(
        line: record.first?.line ?? 0,
        column: record.first?.column ?? 0,
        id: header.id(of: record),
        field: nil,
        message: "has \(record.count) fields where the header has \(header.count)"
      )
    }
    let id = try fields.required("id")
    guard id.isID else {
      throw fields.problem("id", "is longer than 100 characters or holds a control character")
    }
    guard let kind = Kind(rawValue: try fields.required("type").lowercased()) else {
      throw fields.problem("type", "is neither MOVIE nor SHOW")
    }
    // The data set writes a runtime that is not known as 0.
    let runtime = try fields.whole("runtime", 0...100_000)
    self.init(
      id: id,
      title: try fields.required("title"),
      kind: kind,
      description: try fields.text("description") ?? "",
      releaseYear: try fields.whole("release_year", 1870...2100),
      ageCertification: try fields.text("age_certification"),
      runtime: runtime == 0 ? nil : runtime,
      genres: try fields.list("genres").map { genre in genre.lowercased() }.uniqued,
      productionCountries: try fields.list("production_countries"),
      seasons: try fields.whole("seasons", 0...100_000),
      imdbID: try fields.text("imdb_id"),
      imdbScore: try fields.number("imdb_score", 0...10),
      imdbVotes: try fields.whole("imdb_votes", 0...Int(Int32.max)),
      tmdbPopularity: try fields.number("tmdb_popularity", 0...1e12),
      tmdbScore: try fields.number("tmdb_score", 0...10)
    )
  }
}

extension [String] {
  /// Each text once, in the order of first occurrence.
  var uniqued: [String] {
    var seen: Set<String> = []
    return self.filter { text in seen.insert(text).inserted }
  }
}
