import Glibc
import Testing

@testable import CatalogCSV

@Suite struct `The Kaggle file` {
  private static let path =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    + "/../shared/data/titles.csv"

  @Test(
    .enabled(if: access(path, R_OK) == 0, "needs ../shared/data/titles.csv beside the repository")
  )
  func `all rows but the one without a title are read`() throws {
    var reader = try CatalogCSVReader(path: Self.path)
    var titles: [CatalogRow] = []
    var problems: [RowProblem] = []
    while let row = try reader.next() {
      switch row {
      case .success(let title): titles.append(title)
      case .failure(let problem): problems.append(problem)
      }
    }
    #expect(titles.count == 5_849)
    #expect(problems.map(\.id) == ["tm1063792"])
    #expect(problems.map(\.field) == ["title"])
    #expect(problems.map(\.message) == ["is empty"])
    // 18 and 59 rows of the file, less the one that has neither title nor description nor genres.
    #expect(titles.count(where: \.description.isEmpty) == 17)
    #expect(titles.count(where: \.genres.isEmpty) == 58)
    #expect(Set(titles.map(\.id)).count == 5_849)
    #expect(titles.count(where: { title in title.runtime == nil }) == 14)
    #expect(Set(titles.flatMap(\.genres)).count == 19)
    #expect(titles.first?.genres == ["documentation"])
    #expect(titles[1].imdbVotes == 808_582)
  }
}
