import RPC

/// What the ids of titles may be.
enum TitleID {
  /// Of Unicode scalars.
  private static let lengths = 1...256

  /// Throws `invalid_argument` that names `field` for an id that no title may have.
  static func check(_ id: String, at field: String) throws(RPCError) {
    guard !id.isEmpty else {
      throw .invalid(field: field, "must name a title, is empty", reason: "REQUIRED")
    }
    let count = id.unicodeScalars.count
    guard Self.lengths.contains(count) else {
      throw .invalid(
        field: field,
        "must have at most \(Self.lengths.upperBound) characters, has \(count)",
        reason: "TOO_LONG"
      )
    }
    // SQLite would end the id there, and find another title.
    guard !id.utf8.contains(0) else {
      throw .invalid(field: field, "must not hold a NUL character", reason: "INVALID_CHARACTER")
    }
  }
}
