internal import CatalogStore

/// Reads the rows that count at a version.
struct CatalogReading: Sendable {
  let log: VersionLog

  /// How long a read may take, with Milvus restarting meanwhile.
  static let patience = Duration.seconds(60)
  /// Of one answer, about; Milvus allows 64 MiB.
  private static let bytesPerAnswer: UInt64 = 8 << 20
  /// Of a row without its vector, about.
  private static let bytesPerRow: UInt64 = 1500

  var client: MilvusClient { self.log.client }
  var names: CollectionNames { self.log.names }

  /// Reads at a version, and anew at a later one where rows have gone meanwhile.
  func consistently<Value>(
    at version: CatalogVersion,
    _ body: (CatalogVersion) async throws(MilvusError) -> Value
  ) async throws(MilvusError) -> Value {
    var version = version
    for _ in 0..<8 {
      do throws(MilvusError) {
        let value = try await body(version)
        let present = try await self.log.latest(patience: Self.patience)
        if present.keeps(rowsOf: version) { return value }
        version = present
      } catch {
        // The whole generation was replaced and dropped.
        guard error.isMissingCollection else { throw error }
        version = try await self.log.latest(patience: Self.patience)
      }
    }
    throw MilvusError(.malformed, .query, "changes faster than it can be read")
  }

  /// The titles that count, by id.
  func titles<Row>(
    at version: CatalogVersion,
    fields: [String],
    _ decode: (RowColumns) throws(MilvusError) -> [Row?]
  ) async throws(MilvusError) -> NewestRows<Row?> {
    var newest = NewestRows<Row?>(at: version)
    guard let generation = version.generation else { return newest }
    try await self.all(
      version.manifest.titleRows,
      of: self.names.titles(generation),
      at: version,
      fields: fields
    ) { columns throws(MilvusError) in try Self.offer(columns, to: &newest, decode) }
    return newest
  }

  /// The titles of a part that count, by id.
  func titles<Row>(
    where condition: String,
    at version: CatalogVersion,
    fields: [String],
    patience: Duration,
    _ decode: (RowColumns) throws(MilvusError) -> [Row?]
  ) async throws(MilvusError) -> NewestRows<Row?> {
    var newest = NewestRows<Row?>(at: version)
    guard let generation = version.generation else { return newest }
    let columns = try await self.client.query(
      self.names.titles(generation),
      where: condition,
      fields: fields,
      timestamp: version.manifest.timestamp,
      patience: patience
    )
    try Self.offer(columns, to: &newest, decode)
    return newest
  }

  private static func offer<Row>(
    _ columns: RowColumns,
    to newest: inout NewestRows<Row?>,
    _ decode: (RowColumns) throws(MilvusError) -> [Row?]
  ) throws(MilvusError) {
    let ids = try columns.strings(RowField.id)
    let tags = try RowTag.tags(in: columns)
    let rows = try decode(columns)
    for (index, row) in rows.enumerated() { newest.offer(ids[index], tags[index], row) }
  }

  /// The emotions that count, by name; `nil` stands for a vector that the model did not have.
  func emotions(
    where condition: String? = nil,
    at version: CatalogVersion
  ) async throws(MilvusError) -> NewestRows<[Float]?> {
    var newest = NewestRows<[Float]?>(at: version)
    guard let generation = version.generation else { return newest }
    func take(_ columns: RowColumns) throws(MilvusError) {
      let names = try columns.strings(RowField.emotion)
      let tags = try RowTag.tags(in: columns)
      let vectors = try WrittenColumns.vectors(
        columns,
        width: version.width,
        dimensions: version.dimensions
      )
      for (index, name) in names.enumerated() { newest.offer(name, tags[index], vectors[index]) }
    }
    let name = self.names.emotions(generation)
    if let condition {
      let columns = try await self.client.query(
        name,
        where: condition,
        fields: EmotionRows.fields,
        timestamp: version.manifest.timestamp,
        patience: Self.patience
      )
      try take(columns)
    } else {
      let rows = version.manifest.emotionRows
      try await self.all(rows, of: name, at: version, fields: EmotionRows.fields, take)
    }
    return newest
  }

  /// Asks for all rows of a collection, in parts so that an answer is of a fair size.
  ///
  /// How large rows are is a guess: where an answer is too large after all, its half is asked for.
  private func all(
    _ rows: UInt64,
    of name: String,
    at version: CatalogVersion,
    fields: [String],
    _ take: (RowColumns) throws(MilvusError) -> Void
  ) async throws(MilvusError) {
    var remaining = Array(Self.parts(rows: rows, width: version.width).reversed())
    while let pages = remaining.popLast() {
      let (first, end) = (pages.lowerBound, pages.upperBound)
      let columns: RowColumns
      do throws(MilvusError) {
        columns = try await self.client.query(
          name,
          where: "\(RowField.page) >= \(first) and \(RowField.page) < \(end)",
          fields: fields,
          timestamp: version.manifest.timestamp,
          patience: Self.patience
        )
      } catch {
        guard error.isTooLarge, pages.count > 1 else { throw error }
        let middle = first + (end - first) / 2
        remaining += [middle..<end, first..<middle]
        continue
      }
      try take(columns)
    }
  }

  /// All pages in parts.
  private static func parts(rows: UInt64, width: Int) -> [Range<UInt64>] {
    let perAnswer = max(1, self.bytesPerAnswer / (self.bytesPerRow + 4 * UInt64(width)))
    let parts = min(max(1, (rows + perAnswer - 1) / perAnswer), RowField.pages)
    return (0..<parts).map { part in
      part * RowField.pages / parts..<(part + 1) * RowField.pages / parts
    }
  }
}
