import Testing

@testable import CatalogCSV

@Suite struct `Rows of the catalog file` {
  private static let header = """
    id,title,type,description,release_year,age_certification,runtime,genres,\
    production_countries,seasons,imdb_id,imdb_score,imdb_votes,tmdb_popularity,tmdb_score
    """

  private static func rows(_ line: String) throws -> [Result<CatalogRow, RowProblem>] {
    try CatalogCSVTests.rows("\(Self.header)\n\(line)\n")
  }

  @Test func `every column is read`() throws {
    let line = """
      ts1,Tales,SHOW,"A ""tale""
      of two.",1969,TV-14,30,"['Comedy', ""drama"", 'comedy']",['GB'],4.0,tt1,8.8,73424.0,17.5,8.3
      """
    #expect(
      try Self.rows(line) == [
        .success(
          CatalogRow(
            id: "ts1",
            title: "Tales",
            kind: .show,
            description: "A \"tale\"\nof two.",
            releaseYear: 1969,
            ageCertification: "TV-14",
            runtime: 30,
            genres: ["comedy", "drama"],
            productionCountries: ["GB"],
            seasons: 4,
            imdbID: "tt1",
            imdbScore: 8.8,
            imdbVotes: 73424,
            tmdbPopularity: 17.5,
            tmdbScore: 8.3
          )
        )
      ]
    )
  }

  @Test func `a title may hold invisible marks, and a list loses what is blank`() throws {
    let line = #"x,A\#u{200D}B,MOVIE,,,,,"['\tdrama\n', '\u200b', '']",,,,,,,"#
    let row = try #require(try Self.rows(line).first?.get())
    #expect(row.title == "A\u{200D}B")
    #expect(row.genres == ["drama"])
  }

  @Test func `columns come in any order, with others between, and optional ones may be missing`()
    throws
  {
    let rows = try CatalogCSVTests.rows("Type,extra, TITLE ,id\nmovie,x,A,tm1\n")
    let row = try #require(try rows.first?.get())
    #expect(row.id == "tm1")
    #expect(row.title == "A")
    #expect(row.kind == .movie)
    #expect(row.description.isEmpty && row.genres.isEmpty && row.runtime == nil)
  }

  @Test(arguments: [
    ("movie,", "movie", 1), ("Show,", "show", 1), ("SHOW,0", "show", 1), ("MOVIE,nan", "movie", 1),
  ])
  func `a type may be written in any case and a runtime be unknown`(
    cells: String,
    kind: String,
    count: Int
  ) throws {
    let rows = try CatalogCSVTests.rows("id,title,type,runtime\nx,A,\(cells)\n")
    #expect(rows.count == count)
    let row = try #require(try rows.first?.get())
    #expect(row.kind.rawValue == kind)
    #expect(row.runtime == nil)
  }

  @Test(arguments: [
    (",A,MOVIE,,,,,,,,,,,,", "id", 1, "is empty"),
    ("x,,MOVIE,,,,,,,,,,,,", "title", 3, "is empty"),
    ("x,\u{200B},MOVIE,,,,,,,,,,,,", "title", 3, "is blank"),
    ("x,\u{2060} \u{FEFF}\u{AD},MOVIE,,,,,,,,,,,,", "title", 3, "is blank"),
    ("x,\" \u{A0}\",MOVIE,,,,,,,,,,,,", "title", 3, "is empty"),
    ("x,A,,,,,,,,,,,,,", "type", 5, "is empty"),
    ("x,A,FILM,,,,,,,,,,,,", "type", 5, "is neither MOVIE nor SHOW"),
    ("x,A,MOVIE,,soon,,,,,,,,,,", "release_year", 12, "is not a number"),
    ("x,A,MOVIE,,1999.5,,,,,,,,,,", "release_year", 12, "is not a whole number"),
    ("x,A,MOVIE,,1869,,,,,,,,,,", "release_year", 12, "is not between 1870 and 2100"),
    ("x,A,MOVIE,,,,-1,,,,,,,,", "runtime", 14, "is not between 0 and 100000"),
    (
      "x,A,MOVIE,,,,1e300,,,,,,,,", "runtime", 14,
      "is not between -9007199254740992.0 and 9007199254740992.0"
    ),
    ("x,A,MOVIE,,,,inf,,,,,,,,", "runtime", 14, "is not a number"),
    ("x,A,MOVIE,,,,,drama,,,,,,,", "genres", 15, "is not a list"),
    (#"x,A,MOVIE,,,,,['dra\x00ma'],,,,,,,"#, "genres", 15, "holds a control character"),
    (#"x,A,MOVIE,,,,,['dra\nma'],,,,,,,"#, "genres", 15, "holds a control character"),
    (
      #"x,A,MOVIE,,,,,,['U\u0085S'],,,,,,"#, "production_countries", 16,
      "holds a control character"
    ),
    (
      "x,A,MOVIE,,,,,,[US],,,,,,", "production_countries", 16,
      "is a list of something else than quoted texts"
    ),
    ("x,A,MOVIE,,,,,,,,,10.1,,,", "imdb_score", 19, "is not between 0.0 and 10.0"),
    ("x,A,MOVIE,,,,,,,,,,,,0x", "tmdb_score", 22, "is not a number"),
    ("x,A\0,MOVIE,,,,,,,,,,,,", "title", 3, "holds a NUL character"),
    (
      "x\u{7},A,MOVIE,,,,,,,,,,,,", "id", 1,
      "is longer than 100 characters or holds a control character"
    ),
  ])
  func `a wrong field is told by line, column, name and what is wrong`(
    line: String,
    field: String,
    column: Int,
    message: String
  ) throws {
    let rows = try Self.rows("\(line)\ny,B,SHOW,,,,,,,,,,,,")
    #expect(rows.count == 2)
    #expect(
      throws: RowProblem(
        line: 2,
        column: column,
        id: field == "id" ? nil : "x",
        field: field,
        message: message
      )
    ) {
      try rows[0].get()
    }
    #expect(try rows[1].get().id == "y")
  }

  @Test(arguments: [
    ("x,A,MOVIE", "has 3 fields where the header has 15"),
    ("x,A,MOVIE,,,,,,,,,,,,,", "has 16 fields where the header has 15"),
  ])
  func `a row with too few or too many fields is told`(line: String, message: String) throws {
    let expected = RowProblem(line: 2, column: 1, id: "x", field: nil, message: message)
    #expect(throws: expected) { try Self.rows(line)[0].get() }
  }

  @Test func `a malformed row is told with the id that came before`() throws {
    let rows = try Self.rows("x,A \"b\",MOVIE,,,,,,,,,,,,\ny,B,SHOW,,,,,,,,,,,,")
    #expect(rows.count == 2)
    guard case .failure(let problem) = rows[0] else { return #expect(Bool(false)) }
    #expect(problem.id == "x")
    #expect(
      problem.description
        == "line 2, column 5, id x: the row has a quote inside of a field that does not start with one"
    )
  }

  @Test(arguments: [(100, true), (101, false)])
  func `an id may have 100 characters`(count: Int, passes: Bool) throws {
    let id = String(repeating: "x", count: count)
    let row = try #require(try Self.rows("\(id),A,MOVIE,,,,,,,,,,,,").first)
    #expect(((try? row.get()) != nil) == passes)
  }

  @Test(arguments: [
    ("id,name\n", CatalogCSVError.missingColumns(["title", "type"])), ("", .empty),
    ("\n\n", .empty),
    (
      "id,title,type,ID\n",
      .badHeader(RowProblem(line: 1, column: 15, id: nil, field: "id", message: "is named twice"))
    ),
    (
      "id,\"title,type\n",
      .badHeader(
        RowProblem(
          line: 1,
          column: 4,
          id: nil,
          field: nil,
          message: "has a quoted field that never ends"
        )
      )
    ),
  ])
  func `a file that cannot be a catalog is refused`(csv: String, expected: CatalogCSVError) {
    #expect(throws: expected) { try CatalogCSVTests.rows(csv) }
  }

  @Test func `a file that cannot be opened or read is told in words`() {
    #expect(throws: CatalogCSVError.unreadable("No such file or directory")) {
      _ = try CatalogCSVReader(path: "/nowhere/titles.csv")
    }
    #expect(throws: CatalogCSVError.unreadable("Is a directory")) {
      _ = try CatalogCSVReader(path: "/tmp")
    }
  }
}
