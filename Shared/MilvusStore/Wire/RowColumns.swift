internal import SwiftProtobuf
/// Rows as Milvus answers with them: one array for each field, all of one length.
struct RowColumns: Sendable {
  let count: Int
  private let fields: [String: MilvusFieldData]

  init(_ fields: [MilvusFieldData]) {
    self.fields = Dictionary(fields.map { ($0.fieldName, $0) }) { first, _ in first }
    self.count = fields.first.map(\.rowCount) ?? 0
  }

  func strings(_ name: String) throws(MilvusError) -> [String] {
    try self.column(name, \.scalars.stringData.data)
  }

  func integers(_ name: String) throws(MilvusError) -> [Int64] {
    try self.column(name, \.scalars.longData.data)
  }

  func doubles(_ name: String) throws(MilvusError) -> [Double] {
    try self.column(name, \.scalars.doubleData.data)
  }

  func truths(_ name: String) throws(MilvusError) -> [Bool] {
    try self.column(name, \.scalars.boolData.data)
  }

  func stringLists(_ name: String) throws(MilvusError) -> [[String]] {
    try self.column(name, \.scalars.arrayData.data).map(\.stringData.data)
  }

  func doubleLists(_ name: String) throws(MilvusError) -> [[Double]] {
    try self.column(name, \.scalars.arrayData.data).map(\.doubleData.data)
  }

  /// Vectors of `width` each.
  func vectors(_ name: String, width: Int) throws(MilvusError) -> [[Float]] {
    guard self.count > 0 else { return [] }
    let numbers = self.fields[name]?.vectors.floatVector.data ?? []
    guard width > 0, numbers.count == width * self.count, numbers.allSatisfy(\.isFinite) else {
      throw MilvusError(.malformed, .query, "holds vectors of another length in \(name)")
    }
    return stride(from: 0, to: numbers.count, by: width).map { start in
      Array(numbers[start..<start + width])
    }
  }

  /// Without rows, some servers leave out the fields.
  private func column<Value>(
    _ name: String,
    _ values: (MilvusFieldData) -> [Value]
  ) throws(MilvusError) -> [Value] {
    guard self.count > 0 else { return [] }
    let values = self.fields[name].map(values) ?? []
    guard values.count == self.count else {
      throw MilvusError(.malformed, .query, "lacks values of \(name)")
    }
    return values
  }
}

extension MilvusFieldData {
  fileprivate var rowCount: Int {
    switch self.field {
    case .vectors(let vectors):
      vectors.dim > 0 ? vectors.floatVector.data.count / Int(vectors.dim) : 0
    case .scalars(let scalars):
      switch scalars.data {
      case .boolData(let values): values.data.count
      case .intData(let values): values.data.count
      case .longData(let values): values.data.count
      case .doubleData(let values): values.data.count
      case .stringData(let values): values.data.count
      case .arrayData(let values): values.data.count
      case nil: 0
      }
    case nil: 0
    }
  }
}

/// Columns of rows that are put in.
extension MilvusFieldData {
  init(_ name: String, strings: [String]) {
    self.init(name, .varChar) { $0.stringData.data = strings }
  }

  init(_ name: String, integers: [Int64]) {
    self.init(name, .int64) { $0.longData.data = integers }
  }

  init(_ name: String, doubles: [Double]) {
    self.init(name, .double) { $0.doubleData.data = doubles }
  }

  init(_ name: String, truths: [Bool]) {
    self.init(name, .bool) { $0.boolData.data = truths }
  }

  init(_ name: String, stringLists: [[String]]) {
    self.init(name, .array) {
      $0.arrayData.elementType = DataType.varChar.rawValue
      $0.arrayData.data = stringLists.map { list in .with { $0.stringData.data = list } }
    }
  }

  init(_ name: String, doubleLists: [[Double]]) {
    self.init(name, .array) {
      $0.arrayData.elementType = DataType.double.rawValue
      $0.arrayData.data = doubleLists.map { list in .with { $0.doubleData.data = list } }
    }
  }

  /// Vectors of `width` each.
  init(_ name: String, vectors: [[Float]], width: Int) {
    self.init()
    self.type = DataType.floatVector.rawValue
    self.fieldName = name
    self.vectors.dim = Int64(width)
    self.vectors.floatVector.data = Array(vectors.joined())
  }

  private init(_ name: String, _ type: DataType, _ fill: (inout MilvusScalarField) -> Void) {
    self.init()
    self.type = type.rawValue
    self.fieldName = name
    fill(&self.scalars)
  }
}

/// What a field holds, by Milvus's numbers.
///
/// Source: https://github.com/milvus-io/milvus-proto/blob/master/proto/schema.proto
enum DataType: Int32 {
  case bool = 1
  case int64 = 5
  case double = 11
  case varChar = 21
  case array = 22
  case floatVector = 101
}
