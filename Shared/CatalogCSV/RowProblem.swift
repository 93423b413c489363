/// Why a row of a file could not be used.
package struct RowProblem: Error, Sendable, Hashable {
  /// From 1: the line of the file, counting the lines inside of quoted fields too.
  package let line: Int
  /// From 1: Unicode scalars from the line's start.
  package let column: Int
  /// The row's id, where it could be read.
  package let id: String?
  /// The name of the column that is wrong, unless it is the row as a whole.
  package let field: String?
  /// Such as "is empty", to be read after the field's name; quotes nothing from the file.
  package let message: String

  package init(line: Int, column: Int, id: String?, field: String?, message: String) {
    self.line = line
    self.column = column
    self.id = id
    self.field = field
    self.message = message
  }
}

extension RowProblem: CustomStringConvertible {
  package var description: String {
    let place = "line \(self.line), column \(self.column)"
    let id = self.id.map { id in ", id \(id)" } ?? ""
    return "\(place)\(id): \(self.field ?? "the row") \(self.message)"
  }
}

/// Why a file could not be used.
package enum CatalogCSVError: Error, Sendable, Hashable {
  /// Says why the file cannot be opened or read.
  case unreadable(String)
  /// There is not even a header.
  case empty
  case badHeader(RowProblem)
  /// Required columns that the header does not name.
  case missingColumns([String])
}

extension CatalogCSVError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreadable(let reason): "the file cannot be read: \(reason)"
    case .empty: "the file is empty"
    case .badHeader(let problem): "the header is wrong: \(problem)"
    case .missingColumns(let names):
      "the header does not name the columns \(names.joined(separator: ", "))"
    }
  }
}
