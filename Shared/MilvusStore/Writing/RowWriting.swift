internal import CatalogStore

/// Puts the rows of a draft into the collections of a generation.
struct RowWriting: Sendable {
  let client: MilvusClient
  let names: CollectionNames
  let generation: Generation
  let width: Int
  /// The version that the rows are for.
  let slot: UInt64
  let writer: UInt64

  static let patience = Duration.seconds(60)
  private static let maxRows = 1000
  /// Of one message; Milvus takes 64 MiB at a time.
  static let maxBytes = 16 << 20

  struct Outcome: Sendable {
    var change = Inventory.Change()
    /// From which reads see all the rows.
    var timestamp: UInt64 = 0
  }

  func write(_ draft: Draft) async throws -> Outcome {
    var outcome = Outcome()
    var number = 0
    func tag() -> RowTag {
      number += 1
      return RowTag(slot: self.slot, writer: self.writer, number: number)
    }
    let words = draft.words.map { word in (tag: tag(), name: word.name, vector: word.vector) }
    for part in Self.parts(of: words, bytes: { EmotionRows.bytes($0.name, width: self.width) }) {
      try Task.checkCancellation()
      let timestamp = try await self.client.insert(
        EmotionRows.columns(part, width: self.width),
        count: part.count,
        into: self.names.emotions(self.generation),
        patience: Self.patience
      )
      outcome.timestamp = max(outcome.timestamp, timestamp)
    }
    let titles: [(tag: RowTag, content: TitleRows.Content)] =
      draft.titles.map { stored in (tag(), .stored(stored)) }
      + draft.removed.map { id in (tag(), .gone(id: id)) }
    for part in Self.parts(of: titles, bytes: { TitleRows.bytes($0.content, width: self.width) }) {
      try Task.checkCancellation()
      let timestamp = try await self.client.insert(
        try TitleRows.columns(part, width: self.width),
        count: part.count,
        into: self.names.titles(self.generation),
        patience: Self.patience
      )
      outcome.timestamp = max(outcome.timestamp, timestamp)
    }
    outcome.change.words = words.map { word in
      (word.name, word.tag, word.vector.isEmpty ? nil : word.vector)
    }
    outcome.change.titles = titles.map { row in
      switch row.content {
      case .stored(let stored): (stored.title.id, row.tag, stored.title.emotions.map(\.name))
      case .gone(let id): (id, row.tag, nil)
      }
    }
    return outcome
  }

  /// Removes rows of a writing that came to nothing.
  func erase(_ change: Inventory.Change) async throws(MilvusError) {
    for part in Self.parts(of: change.words, bytes: { _ in 0 }) {
      try await self.client.delete(
        keys: part.map(\.tag.key),
        from: self.names.emotions(self.generation),
        patience: .seconds(5)
      )
    }
    for part in Self.parts(of: change.titles, bytes: { _ in 0 }) {
      try await self.client.delete(
        keys: part.map(\.tag.key),
        from: self.names.titles(self.generation),
        patience: .seconds(5)
      )
    }
  }

  /// Rows in parts of at most `maxRows`, and `maxBytes` unless one row alone is larger.
  static func parts<Row>(of rows: [Row], bytes: (Row) -> Int) -> [ArraySlice<Row>] {
    var parts: [ArraySlice<Row>] = []
    var (start, total) = (0, 0)
    for (index, row) in rows.enumerated() {
      let size = bytes(row)
      if index > start, index - start == self.maxRows || total + size > self.maxBytes {
        parts.append(rows[start..<index])
        (start, total) = (index, 0)
      }
      total += size
    }
    if start < rows.count { parts.append(rows[start...]) }
    return parts
  }
}
