internal import CatalogStore

/// Titles as columns, and back.
enum TitleRows {
  /// What a writer needs to know.
  static let inventoryFields = RowTag.fields + [RowField.id, RowField.gone, RowField.emotions]
  /// What ranking needs.
  static let rankedFields =
    inventoryFields + [
      RowField.type, RowField.genres, RowField.year, RowField.runtime, RowField.ageRating,
      RowField.imdbScore, RowField.tmdbScore, RowField.intensities, RowField.hasVector,
      RowField.vector,
    ]
  static let recordFields = RowTag.fields + [RowField.id, RowField.gone, RowField.record]
  static let hashFields = RowTag.fields + [RowField.id, RowField.gone, RowField.sourceHash]
  static let storedFields =
    recordFields + [RowField.sourceHash, RowField.hasVector, RowField.vector]

  /// One row: a title, or that there is none of this id any more.
  enum Content: Sendable {
    case stored(StoredTitle)
    case gone(id: String)

    var id: String {
      switch self {
      case .stored(let stored): stored.title.id
      case .gone(let id): id
      }
    }
  }

  /// Throws `StoreError.rejected` for what Milvus can't hold.
  static func check(_ title: CatalogTitle) throws(StoreError) {
    let lists = [title.genres, title.emotions.map(\.name)]
    guard title.id.utf8.count <= RowLimits.idBytes else {
      throw .rejected("an id has more than \(RowLimits.idBytes) bytes")
    }
    guard lists.allSatisfy({ $0.count <= RowLimits.listEntries }),
      lists.joined().allSatisfy({ $0.utf8.count <= RowLimits.nameBytes })
    else {
      throw .rejected(
        "the title \(title.id) has more than \(RowLimits.listEntries) genres or emotions, or one "
          + "of more than \(RowLimits.nameBytes) bytes"
      )
    }
    _ = try TitleRecord.text(of: title)
  }

  /// What a row takes in a message, or a little more.
  static func bytes(_ content: Content, width: Int) -> Int {
    // Numbers, texts of bounded length and what frames them.
    let fixed = WrittenColumns.bytes(width: width) + content.id.utf8.count + 256
    guard case .stored(let stored) = content else { return fixed }
    let title = stored.title
    let names = (title.genres + title.emotions.map(\.name)).reduce(0) { total, name in
      total + name.utf8.count + 4
    }
    // One that is too long is refused before it is written.
    let record = (try? TitleRecord.text(of: title))?.utf8.count ?? RowLimits.recordBytes
    return fixed + names + 8 * title.emotions.count + record
  }

  static func columns(
    _ rows: some Collection<(tag: RowTag, content: Content)>,
    width: Int
  ) throws(StoreError) -> [MilvusFieldData] {
    let stored = rows.map { row -> StoredTitle? in
      if case .stored(let stored) = row.content { stored } else { nil }
    }
    let titles = stored.map { $0?.title }
    var records: [String] = []
    for title in titles {
      if let title { records.append(try TitleRecord.text(of: title)) } else { records.append("{}") }
    }
    let vectors = stored.map { $0?.contentVector }
    return WrittenColumns.columns(
      rows.map(\.tag),
      names: rows.map(\.content.id),
      vectors: vectors,
      width: width
    ) + [
      MilvusFieldData(
        RowField.idHash,
        integers: rows.map { row in idHash(of: row.content.id) }
      ),
      MilvusFieldData(RowField.id, strings: rows.map(\.content.id)),
      MilvusFieldData(RowField.gone, truths: titles.map { $0 == nil }),
      MilvusFieldData(RowField.type, strings: titles.map { $0?.type.rawValue ?? "" }),
      MilvusFieldData(RowField.genres, stringLists: titles.map { $0?.genres ?? [] }),
      MilvusFieldData(RowField.year, integers: titles.map { integer($0?.releaseYear) }),
      MilvusFieldData(RowField.runtime, integers: titles.map { integer($0?.runtimeMinutes) }),
      MilvusFieldData(RowField.ageRating, strings: titles.map { rating($0?.ageRating) }),
      MilvusFieldData(RowField.imdbScore, doubles: titles.map { score($0?.imdbScore) }),
      MilvusFieldData(RowField.tmdbScore, doubles: titles.map { score($0?.tmdbScore) }),
      MilvusFieldData(
        RowField.emotions,
        stringLists: titles.map { $0?.emotions.map(\.name) ?? [] }
      ),
      MilvusFieldData(
        RowField.intensities,
        doubleLists: titles.map { $0?.emotions.map(\.intensity) ?? [] }
      ),
      MilvusFieldData(
        RowField.sourceHash,
        integers: stored.map { Int64(bitPattern: $0?.sourceHash ?? 0) }
      ),
      MilvusFieldData(RowField.record, strings: records),
    ]
  }

  static func idHash(of id: String) -> Int64 {
    var hash = StableHash()
    hash.combine(id)
    return Int64(bitPattern: hash.value)
  }

  private static func integer(_ value: Int?) -> Int64 {
    value.map(Int64.init) ?? RowField.unknownInteger
  }

  private static func score(_ value: Double?) -> Double { value ?? RowField.unknownScore }

  /// Longer ones are none that filters know; the record has them whole.
  private static func rating(_ value: String?) -> String {
    value.map { $0.utf8.count <= RowLimits.ratingBytes ? $0 : "" } ?? ""
  }

  /// What ranking needs of the rows; `nil` for titles that are gone.
  static func ranked(
    _ columns: RowColumns,
    width: Int,
    dimensions: Int
  ) throws(MilvusError) -> [SnapshotTitle?] {
    let ids = try columns.strings(RowField.id)
    let gone = try columns.truths(RowField.gone)
    let types = try columns.strings(RowField.type)
    let genres = try columns.stringLists(RowField.genres)
    let years = try columns.integers(RowField.year)
    let runtimes = try columns.integers(RowField.runtime)
    let ratings = try columns.strings(RowField.ageRating)
    let imdbScores = try columns.doubles(RowField.imdbScore)
    let tmdbScores = try columns.doubles(RowField.tmdbScore)
    let emotions = try columns.stringLists(RowField.emotions)
    let intensities = try columns.doubleLists(RowField.intensities)
    let vectors = try WrittenColumns.vectors(columns, width: width, dimensions: dimensions)
    var titles: [SnapshotTitle?] = []
    titles.reserveCapacity(columns.count)
    for row in 0..<columns.count {
      guard !gone[row] else {
        titles.append(nil)
        continue
      }
      guard let type = TitleType(rawValue: types[row]),
        emotions[row].count == intensities[row].count
      else { throw MilvusError(.malformed, .query, "holds a title that cannot be read") }
      titles.append(
        SnapshotTitle(
          id: ids[row],
          type: type,
          genres: genres[row],
          releaseYear: years[row] == RowField.unknownInteger ? nil : Int(years[row]),
          runtimeMinutes: runtimes[row] == RowField.unknownInteger ? nil : Int(runtimes[row]),
          ageRating: ratings[row].isEmpty ? nil : ratings[row],
          imdbScore: imdbScores[row] == RowField.unknownScore ? nil : imdbScores[row],
          tmdbScore: tmdbScores[row] == RowField.unknownScore ? nil : tmdbScores[row],
          emotions: zip(emotions[row], intensities[row]).map(TitleEmotion.init),
          contentVector: vectors[row]
        )
      )
    }
    return titles
  }
}

/// The columns that titles and emotions have in common.
enum WrittenColumns {
  /// What they take of a row in a message, or a little more.
  static func bytes(width: Int) -> Int { 4 * width + 128 }

  static func columns(
    _ tags: [RowTag],
    names: [String],
    vectors: [[Float]?],
    width: Int
  ) -> [MilvusFieldData] {
    // Something of length 1, for what can't be compared with.
    let placeholder = [Float(1)] + [Float](repeating: 0, count: width - 1)
    return [
      MilvusFieldData(RowField.key, strings: tags.map(\.key)),
      MilvusFieldData(RowField.slot, integers: tags.map { Int64(bitPattern: $0.slot) }),
      MilvusFieldData(RowField.writer, integers: tags.map { Int64(bitPattern: $0.writer) }),
      MilvusFieldData(RowField.page, integers: names.map(Self.page)),
      MilvusFieldData(
        RowField.vector,
        vectors: vectors.map { vector in
          vector.map { $0 + [Float](repeating: 0, count: width - $0.count) } ?? placeholder
        },
        width: width
      ),
      MilvusFieldData(RowField.hasVector, truths: vectors.map { $0 != nil }),
    ]
  }

  /// The vectors as they were given.
  static func vectors(
    _ columns: RowColumns,
    width: Int,
    dimensions: Int
  ) throws(MilvusError) -> [[Float]?] {
    let present = try columns.truths(RowField.hasVector)
    return zip(present, try columns.vectors(RowField.vector, width: width)).map { has, vector in
      has ? Array(vector.prefix(dimensions)) : nil
    }
  }

  private static func page(of name: String) -> Int64 {
    Int64(UInt64(bitPattern: TitleRows.idHash(of: name)) % RowField.pages)
  }
}
