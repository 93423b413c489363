/// Reads the titles of a CSV file one after the other; its memory does not grow with the file.
package struct CatalogCSVReader: ~Copyable {
  private let file: InputFile
  private var records = CSVRecords()
  private let header: CatalogHeader

  /// Opens the file and reads its header, whose columns may come in any order.
  package init(path: String) throws(CatalogCSVError) {
    let file = try InputFile(path: path)
    var records = CSVRecords()
    switch try Self.next(&records, file) {
    case .record(let fields): self.header = try CatalogHeader(fields)
    case .problem(let problem):
      throw .badHeader(
        RowProblem(
          line: problem.line,
          column: problem.column,
          id: nil,
          field: nil,
          message: problem.message
        )
      )
    case .end, .needsInput: throw .empty
    }
    self.file = file
    self.records = records
  }

  /// The next title or what is wrong with it, whereupon reading goes on; `nil` at the end.
  package mutating func next() throws(CatalogCSVError) -> Result<CatalogRow, RowProblem>? {
    switch try Self.next(&self.records, self.file) {
    case .record(let record):
      do throws(RowProblem) {
        return .success(try CatalogRow(record, header: self.header))
      } catch {
        return .failure(error)
      }
    case .problem(let problem):
      return .failure(
        RowProblem(
          line: problem.line,
          column: problem.column,
          id: self.header.id(of: problem.fields),
          field: nil,
          message: problem.message
        )
      )
    case .end, .needsInput:
      return nil
    }
  }

  private static func next(
    _ records: inout CSVRecords,
    _ file: borrowing InputFile
  ) throws(CatalogCSVError) -> CSVRecords.Step {
    while true {
      let step = records.next()
      guard step == .needsInput else { return step }
      let bytes = try file.read()
      if bytes.isEmpty { records.end() } else { records.append(bytes) }
    }
  }
}
