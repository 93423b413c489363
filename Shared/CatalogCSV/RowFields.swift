/// Which column of a file holds what.
struct CatalogHeader {
  static let required = ["id", "title", "type"]
  static let optional = [
    "description", "release_year", "age_certification", "runtime", "genres",
    "production_countries", "seasons", "imdb_id", "imdb_score", "imdb_votes", "tmdb_popularity",
    "tmdb_score",
  ]

  let count: Int
  private let positions: [String: Int]

  /// Columns of other names are passed over.
  init(_ fields: [CSVField]) throws(CatalogCSVError) {
    var positions: [String: Int] = [:]
    for (position, field) in fields.enumerated() {
      let name = field.text.trimmed.lowercased()
      guard Self.required.contains(name) || Self.optional.contains(name) else { continue }
      guard positions.updateValue(position, forKey: name) == nil else {
        throw .badHeader(
          RowProblem(
            line: field.line,
            column: field.column,
            id: nil,
            field: name,
            message: "is named twice"
          )
        )
      }
    }
    let missing = Self.required.filter { name in positions[name] == nil }
    guard missing.isEmpty else { throw .missingColumns(missing) }
    self.count = fields.count
    self.positions = positions
  }

  func field(_ name: String, of record: [CSVField]) -> CSVField? {
    guard let position = self.positions[name], position < record.count else { return nil }
    return record[position]
  }

  /// An id that may be shown.
  func id(of record: [CSVField]) -> String? {
    guard let text = self.field("id", of: record)?.text.trimmed, text.isID else { return nil }
    return text
  }
}

/// The fields of one record, read by the names of their columns.
struct RowFields {
  let header: CatalogHeader
  let record: [CSVField]

  /// Without spaces around it; `nil` when it is empty or there is no such column.
  func text(_ name: String) throws(RowProblem) -> String? {
    guard let text = self.header.field(name, of: self.record)?.text.trimmed, !text.isEmpty else {
      return nil
    }
    guard !text.utf8.contains(0) else { throw self.problem(name, "holds a NUL character") }
    return text
  }

  /// A text of which something can be seen.
  func required(_ name: String) throws(RowProblem) -> String {
    guard let text = try self.text(name) else { throw self.problem(name, "is empty") }
    guard !text.isBlank else { throw self.problem(name, "is blank") }
    return text
  }

  /// A number in `range`; pandas writes unknown ones as nothing or as "nan".
  func number(_ name: String, _ range: ClosedRange<Double>) throws(RowProblem) -> Double? {
    guard let text = try self.text(name), !["nan", "none"].contains(text.lowercased()) else {
      return nil
    }
    guard let number = Double(text), number.isFinite else {
      throw self.problem(name, "is not a number")
    }
    guard range.contains(number) else {
      throw self.problem(name, "is not between \(range.lowerBound) and \(range.upperBound)")
    }
    return number
  }

  /// A whole number in `range`; pandas writes those of columns with gaps as "1.0".
  func whole(_ name: String, _ range: ClosedRange<Int>) throws(RowProblem) -> Int? {
    let bounds = Double(-1 << 53)...Double(1 << 53)
    guard let number = try self.number(name, bounds) else { return nil }
    guard let whole = Int(exactly: number) else {
      throw self.problem(name, "is not a whole number")
    }
    guard range.contains(whole) else {
      throw self.problem(name, "is not between \(range.lowerBound) and \(range.upperBound)")
    }
    return whole
  }

  /// The texts of a Python list, without spaces around them, each once, blank ones left out.
  func list(_ name: String) throws(RowProblem) -> [String] {
    guard let literal = try self.text(name) else { return [] }
    let texts: [String]
    do throws(PythonList.Malformed) {
      texts = try PythonList.texts(literal).map(\.trimmed)
    } catch {
      throw self.problem(name, error.reason)
    }
    guard !texts.contains(where: \.hasControlCharacter) else {
      throw self.problem(name, "holds a control character")
    }
    var seen: Set<String> = []
    return texts.filter { text in !text.isBlank && seen.insert(text).inserted }
  }

  func problem(_ name: String, _ message: String) -> RowProblem {
    let field = self.header.field(name, of: self.record) ?? self.record.first
    return RowProblem(
      line: field?.line ?? 0,
      column: field?.column ?? 0,
      id: self.header.id(of: self.record),
      field: name,
      message: message
    )
  }
}

extension String {
  /// Without white space at both ends.
  var trimmed: String {
    let scalars = self.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }

  /// Whether nothing in it can be seen: only white space and invisible marks.
  var isBlank: Bool {
    self.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint
    }
  }

  var hasControlCharacter: Bool {
    self.unicodeScalars.contains { scalar in scalar.properties.generalCategory == .control }
  }

  var isID: Bool {
    (1...100).contains(self.unicodeScalars.count) && !self.hasControlCharacter
  }
}
