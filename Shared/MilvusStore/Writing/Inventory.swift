internal import CatalogStore

/// What a writer knows of the rows in service, kept from one writing to the next.
struct Inventory: Sendable {
  struct Title: Sendable {
    var tag: RowTag
    var words: [String]
  }

  struct Word: Sendable {
    var tag: RowTag
    /// Of its vector.
    var hash: UInt64
    /// Titles that have it.
    var uses = 0
  }

  /// A row that no version from `slot` on needs.
  struct Superseded: Sendable {
    var isTitle: Bool
    var key: String
    var slot: UInt64
    /// Seconds since 1970.
    var since: UInt64
  }

  var version: CatalogVersion
  private(set) var titles: [String: Title] = [:]
  /// Those of the titles, and no others.
  private(set) var words: [String: Word] = [:]
  /// Oldest first.
  var superseded: [Superseded] = []

  /// One change to the catalog: rows and what they stand for.
  struct Change: Sendable {
    var words: [(name: String, tag: RowTag, vector: [Float]?)] = []
    /// No words: the title is gone.
    var titles: [(id: String, tag: RowTag, words: [String]?)] = []
  }

  init(version: CatalogVersion) {
    self.version = version
  }

  /// Whether a vector is the one stored for an emotion of the catalog.
  func holds(_ word: String, _ vector: [Float]?) -> Bool {
    self.words[word]?.hash == Self.hash(of: vector)
  }

  /// Takes over what a version changed.
  mutating func apply(_ change: Change, at version: CatalogVersion) {
    self.version = version
    for (name, tag, vector) in change.words {
      if let known = self.words[name] { self.supersede(known.tag, isTitle: false) }
      let uses = self.words[name]?.uses ?? 0
      self.words[name] = Word(tag: tag, hash: Self.hash(of: vector), uses: uses)
    }
    var released: Set<String> = []
    for (id, tag, words) in change.titles {
      if let known = self.titles.removeValue(forKey: id) {
        self.supersede(known.tag, isTitle: true)
        for word in known.words { self.words[word]?.uses -= 1 }
        released.formUnion(known.words)
      }
      if let words {
        self.titles[id] = Title(tag: tag, words: words)
        for word in words { self.words[word]?.uses += 1 }
      } else {
        // After what it stands against, which must not come back.
        self.supersede(tag, isTitle: true)
      }
    }
    for name in released.union(change.words.map(\.name)) {
      guard let word = self.words[name], word.uses == 0 else { continue }
      self.words[name] = nil
      self.supersede(word.tag, isTitle: false)
    }
  }

  mutating func supersede(_ tag: RowTag, isTitle: Bool) {
    self.superseded.append(
      Superseded(
        isTitle: isTitle,
        key: tag.key,
        slot: self.version.slot,
        since: self.version.manifest.writtenAt
      )
    )
  }

  private static func hash(of vector: [Float]?) -> UInt64 {
    var hash = StableHash()
    hash.combine(vector)
    return hash.value
  }
}

extension CatalogReading {
  /// What there is at a version.
  func inventory(at version: CatalogVersion) async throws(MilvusError) -> Inventory {
    try await self.consistently(at: version) { version throws(MilvusError) in
      let titles = try await self.titles(at: version, fields: TitleRows.inventoryFields) {
        columns throws(MilvusError) in try Self.words(columns)
      }
      let emotions = try await self.emotions(at: version)
      var inventory = Inventory(version: version)
      for tag in emotions.superfluous { inventory.supersede(tag, isTitle: false) }
      for tag in titles.superfluous { inventory.supersede(tag, isTitle: true) }
      inventory.apply(Inventory.Change(titles, emotions), at: version)
      return inventory
    }
  }

  /// What there is at a version, from what was known of an earlier one.
  func inventory(
    _ known: Inventory,
    at version: CatalogVersion
  ) async throws(MilvusError) -> Inventory {
    guard known.version.slot != version.slot else { return known }
    guard known.version.generation == version.generation,
      version.manifest.horizon <= known.version.slot
    else { return try await self.inventory(at: version) }
    let condition = "\(RowField.slot) > \(known.version.slot)"
    let titles = try await self.titles(
      where: condition,
      at: version,
      fields: TitleRows.inventoryFields,
      patience: Self.patience
    ) { columns throws(MilvusError) in try Self.words(columns) }
    let emotions = try await self.emotions(where: condition, at: version)
    let present = try await self.log.latest(patience: Self.patience)
    guard present.keeps(rowsOf: version) else { return try await self.inventory(at: present) }
    var inventory = known
    inventory.version = version
    for tag in emotions.superfluous { inventory.supersede(tag, isTitle: false) }
    for tag in titles.superfluous { inventory.supersede(tag, isTitle: true) }
    inventory.apply(Inventory.Change(titles, emotions), at: version)
    return inventory
  }

  private static func words(_ columns: RowColumns) throws(MilvusError) -> [[String]?] {
    zip(try columns.truths(RowField.gone), try columns.stringLists(RowField.emotions))
      .map { gone, words in gone ? nil : words }
  }
}

extension Inventory.Change {
  fileprivate init(_ titles: NewestRows<[String]?>, _ emotions: NewestRows<[Float]?>) {
    self.titles = titles.rows.map { id, newest in (id, newest.tag, newest.row) }
    self.words = emotions.rows.map { name, newest in (name, newest.tag, newest.row) }
  }
}
