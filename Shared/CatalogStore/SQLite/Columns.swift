internal import FoundationEssentials
internal import GRDB

/// How lists and vectors are written in columns.
///
/// Values are read by throwing accessors only: GRDB's subscripts end the process on a damaged file.
extension Row {
  /// A list of texts, written as JSON.
  func texts(_ column: Int) throws -> [String] {
    let text = try self.decode(String.self, atIndex: column)
    do {
      return try JSONDecoder().decode([String].self, from: Data(text.utf8))
    } catch {
      throw StoreError.damaged
    }
  }

  /// A vector of `dimensions`, or `nil` where there is none.
  func vector(_ column: Int, dimensions: Int) throws -> [Float]? {
    try self.withUnsafeData(atIndex: column) { data in
      guard let data else { return nil }
      guard data.count == 4 * dimensions else { throw StoreError.damaged }
      let vector = data.withUnsafeBytes { bytes in
        (0..<dimensions).map { index in
          let bits = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
          return Float(bitPattern: UInt32(littleEndian: bits))
        }
      }
      guard vector.isFinite else { throw StoreError.damaged }
      return vector
    }
  }
}

extension Data {
  /// Little-endian float32.
  init(_ vector: [Float]) {
    self = vector.map(\.bitPattern.littleEndian).withUnsafeBytes { bytes in Data(bytes) }
  }
}

/// A list of texts as JSON.
func column(_ texts: [String]) throws -> String {
  String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
}

extension StoreError {
  static let damaged = StoreError.unavailable("the catalog file is damaged")

  /// What an error of GRDB means, in words for who runs the service.
  init(_ error: any Error) {
    switch error {
    case let error as StoreError: self = error
    case is CancellationError: self = .cancelled
    case let error as DatabaseError: self.init(error)
    default: self = .damaged
    }
  }

  private init(_ error: DatabaseError) {
    switch error.resultCode {
    case .SQLITE_INTERRUPT, .SQLITE_ABORT: self = .cancelled
    case .SQLITE_CORRUPT: self = .damaged
    case .SQLITE_NOTADB: self = .unavailable("the file is not a catalog: no SQLite database")
    case .SQLITE_CANTOPEN:
      self = .unavailable(
        "the catalog file cannot be opened: its folder must exist and be writable"
      )
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      self = .unavailable("the catalog file cannot be written: it or its folder is read-only")
    case .SQLITE_FULL: self = .unavailable("the disk of the catalog file is full")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self = .unavailable("another process has kept the catalog file locked for too long")
    case .SQLITE_NOMEM: self = .unavailable("not enough memory to read the catalog file")
    case .SQLITE_TOOBIG: self = .rejected("a text or vector is too long to be stored")
    case .SQLITE_IOERR: self = .unavailable("the catalog file cannot be read or written")
    default:
      self = .unavailable(
        "the catalog file cannot be used: SQLite code \(error.resultCode.rawValue)"
      )
    }
  }
}
