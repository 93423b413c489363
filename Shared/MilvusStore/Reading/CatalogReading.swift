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
    let rows = version.manifest.titleRows
    for condition in Self.conditions(rows: rows, width: version.width) {
      let columns = try await self.client.query(
        self.names.titles(generation),
        where: condition,
        fields: fields,
        timestamp: version.manifest.timestamp,
        patience: Self.patience
      )
      try Self.offer(columns, to: &newest, decode)
    }
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
    let conditions =
      condition.map { [$0] }
      ?? Self.conditions(rows: version.manifest.emotionRows, width: version.width)
    for condition in conditions {
      let columns = try await self.client.query(
        self.names.emotions(generation),
        where: condition,
        fields: EmotionRows.fields,
        timestamp: version.manifest.timestamp,
        patience: Self.patience
      )
      let names = try columns.strings(RowField.emotion)
      let tags = try RowTag.tags(in: columns)
      let vectors = try WrittenColumns.vectors(
        columns,
        width: version.width,
        dimensions: version.dimensions
      )
      for (index, name) in names.enumerated() { newest.offer(name, tags[index], vectors[index]) }
    }
    return newest
  }

  /// Conditions that part all rows so that an answer is of a fair size.
  private static func conditions(rows: UInt64, width: Int) -> [String] {
    let perAnswer = max(1, self.bytesPerAnswer / (self.bytesPerRow + 4 * UInt64(width)))
    let parts = min(max(1, (rows + perAnswer - 1) / perAnswer), RowField.pages)
    return (0..<parts).map { part in
      let (first, end) = (part * RowField.pages / parts, (part + 1) * RowField.pages / parts)
      return "\(RowField.page) >= \(first) and \(RowField.page) < \(end)"
    }
  }
}
