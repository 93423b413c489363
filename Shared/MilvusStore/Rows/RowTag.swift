/// Which row of which writing a row is.
struct RowTag: Sendable, Hashable {
  /// Unique in its collection, also where a row was put in twice.
  let key: String
  /// The version that was to be made with it.
  let slot: UInt64
  /// The session that wrote it.
  let writer: UInt64

  static let fields = [RowField.key, RowField.slot, RowField.writer]

  /// The row number `number` of a writing.
  init(slot: UInt64, writer: UInt64, number: Int) {
    self.init(
      key: "\(slot).\(String(writer, radix: 16)).\(number)",
      slot: slot,
      writer: writer
    )
  }

  private init(key: String, slot: UInt64, writer: UInt64) {
    self.key = key
    self.slot = slot
    self.writer = writer
  }

  static func tags(in columns: RowColumns) throws(MilvusError) -> [RowTag] {
    let keys = try columns.strings(RowField.key)
    let slots = try columns.integers(RowField.slot)
    let writers = try columns.integers(RowField.writer)
    return keys.indices.map { row in
      RowTag(
        key: keys[row],
        slot: UInt64(bitPattern: slots[row]),
        writer: UInt64(bitPattern: writers[row])
      )
    }
  }
}

/// Of the rows for the same title or emotion, those that count at one version.
struct NewestRows<Row> {
  private(set) var rows: [String: (tag: RowTag, row: Row)] = [:]
  /// Rows that no later version needs either: superseded ones, and those of writings that failed.
  private(set) var superfluous: [(name: String, tag: RowTag)] = []
  private let slot: UInt64
  private let sessions: [UInt64: UInt64]

  init(at version: CatalogVersion) {
    self.slot = version.slot
    self.sessions = version.sessions
  }

  mutating func offer(_ name: String, _ tag: RowTag, _ row: @autoclosure () -> Row) {
    guard self.sessions[tag.writer, default: 0] >= tag.slot else {
      // A slot that is taken can't be claimed again, so the row will never count.
      if tag.slot <= self.slot { self.superfluous.append((name, tag)) }
      return
    }
    guard let known = self.rows[name]?.tag else {
      self.rows[name] = (tag, row())
      return
    }
    // A call that was made again may have put the same row in twice.
    guard known.key != tag.key else { return }
    if known.slot < tag.slot {
      self.superfluous.append((name, known))
      self.rows[name] = (tag, row())
    } else {
      self.superfluous.append((name, tag))
    }
  }
}
