internal import CatalogStore

extension CatalogReading {
  /// Everything that ranking needs.
  func snapshot(at version: CatalogVersion) async throws(MilvusError) -> CatalogSnapshot {
    try await self.consistently(at: version) { version throws(MilvusError) in
      let titles = try await self.titles(at: version, fields: TitleRows.rankedFields) {
        columns throws(MilvusError) in
        try TitleRows.ranked(columns, width: version.width, dimensions: version.dimensions)
      }
      let emotions = try await self.emotions(at: version)
      return CatalogSnapshot(
        version: version.name,
        space: version.manifest.space,
        dimensions: version.dimensions,
        titles: titles.rows.values.compactMap(\.row),
        emotionVectors: emotions.rows.compactMapValues(\.row)
      )
    }
  }

  /// Titles by id, with as many calls as their number asks for.
  func records(
    _ ids: [String],
    at version: CatalogVersion,
    patience: Duration
  ) async throws(MilvusError) -> [String: CatalogTitle] {
    let wanted = Array(Set(ids))
    var titles: [String: CatalogTitle] = [:]
    var remaining = stride(from: 0, to: wanted.count, by: Self.idsPerQuestion).map { start in
      wanted[start..<min(start + Self.idsPerQuestion, wanted.count)]
    }
    while let part = remaining.popLast() {
      let hashes = part.map { id in "\(TitleRows.idHash(of: id))" }.joined(separator: ",")
      let found: NewestRows<String?>
      do throws(MilvusError) {
        found = try await self.titles(
          where: "\(RowField.idHash) in [\(hashes)]",
          at: version,
          fields: TitleRows.recordFields,
          patience: patience
        ) { columns throws(MilvusError) -> [String?] in
          let texts = try columns.strings(RowField.record)
          return zip(try columns.truths(RowField.gone), texts).map { gone, text in
            gone ? nil : text
          }
        }
      } catch {
        guard error.isTooLarge, part.count > 1 else { throw error }
        let middle = part.startIndex + part.count / 2
        remaining += [part[..<middle], part[middle...]]
        continue
      }
      for id in part {
        guard let text = found.rows[id]?.row else { continue }
        titles[id] = try TitleRecord.title(of: text)
      }
    }
    return titles
  }

  private static let idsPerQuestion = 1000

  func sourceHashes(at version: CatalogVersion) async throws(MilvusError) -> [String: UInt64] {
    try await self.consistently(at: version) { version throws(MilvusError) in
      let titles = try await self.titles(at: version, fields: TitleRows.hashFields) {
        columns throws(MilvusError) -> [UInt64?] in
        let hashes = try columns.integers(RowField.sourceHash)
        return zip(try columns.truths(RowField.gone), hashes).map { gone, hash in
          gone ? nil : UInt64(bitPattern: hash)
        }
      }
      return titles.rows.compactMapValues(\.row)
    }
  }

  /// Everything, titles and emotions in the order of their names' bytes.
  func contents(at version: CatalogVersion) async throws(MilvusError) -> CatalogContents {
    try await self.consistently(at: version) { version throws(MilvusError) in
      let titles = try await self.titles(at: version, fields: TitleRows.storedFields) {
        columns throws(MilvusError) in
        try Self.stored(columns, version)
      }
      let emotions = try await self.emotions(at: version)
      let stored = titles.rows.values.compactMap(\.row)
        .sorted { $0.title.id.utf8.lexicographicallyPrecedes($1.title.id.utf8) }
      let used = Set(stored.flatMap { stored in stored.title.emotions.map(\.name) })
      return CatalogContents(
        space: version.manifest.space,
        dimensions: version.dimensions,
        titles: stored,
        emotions: used.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { name in
          (name: name, vector: emotions.rows[name]?.row)
        }
      )
    }
  }

  private static func stored(
    _ columns: RowColumns,
    _ version: CatalogVersion
  ) throws(MilvusError) -> [StoredTitle?] {
    let gone = try columns.truths(RowField.gone)
    let records = try columns.strings(RowField.record)
    let hashes = try columns.integers(RowField.sourceHash)
    let vectors = try WrittenColumns.vectors(
      columns,
      width: version.width,
      dimensions: version.dimensions
    )
    var titles: [StoredTitle?] = []
    for row in 0..<columns.count {
      guard !gone[row] else {
        titles.append(nil)
        continue
      }
      titles.append(
        StoredTitle(
          title: try TitleRecord.title(of: records[row]),
          contentVector: vectors[row],
          sourceHash: UInt64(bitPattern: hashes[row])
        )
      )
    }
    return titles
  }
}

/// A whole catalog.
struct CatalogContents: Sendable {
  let space: String
  let dimensions: Int
  let titles: [StoredTitle]
  /// `nil` stands for a vector that the model did not have.
  let emotions: [(name: String, vector: [Float]?)]

  var digest: String {
    var hash = StableHash()
    hash.combine(self.space)
    hash.combine(self.dimensions)
    for title in self.titles { hash.combine(title) }
    for emotion in self.emotions {
      hash.combine(emotion.name)
      hash.combine(emotion.vector)
    }
    return hash.hex
  }
}
