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
    enum Kind: Sendable {
      case emotion, title
      /// Says that a title is gone, for as long as there are other rows of it.
      case tombstone
    }

    var kind: Kind
    /// The emotion, or the title's id.
    var name: String
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
  private(set) var superseded: [Superseded] = []

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
      if let known = self.words[name] { self.supersede(known.tag, of: name, .emotion) }
      let uses = self.words[name]?.uses ?? 0
      self.words[name] = Word(tag: tag, hash: Self.hash(of: vector), uses: uses)
    }
    var released: Set<String> = []
    for (id, tag, words) in change.titles {
      if let known = self.titles.removeValue(forKey: id) {
        self.supersede(known.tag, of: id, .title)
        for word in known.words { self.words[word]?.uses -= 1 }
        released.formUnion(known.words)
      }
      if let words {
        self.titles[id] = Title(tag: tag, words: words)
        for word in words { self.words[word]?.uses += 1 }
      } else {
        self.supersede(tag, of: id, .tombstone)
      }
    }
    for name in released.union(change.words.map(\.name)) {
      guard let word = self.words[name], word.uses == 0 else { continue }
      self.words[name] = nil
      self.supersede(word.tag, of: name, .emotion)
    }
  }

  mutating func supersede(_ tag: RowTag, of name: String, _ kind: Superseded.Kind) {
    self.superseded.append(
      Superseded(
        kind: kind,
        name: name,
        key: tag.key,
        slot: self.version.slot,
        since: self.version.manifest.writtenAt
      )
    )
  }

  /// The oldest rows that may be removed: superseded `graceSeconds` before `now`.
  ///
  /// A tombstone stays until every other row of its title was removed in an earlier round: what it
  /// stands against would come back.
  func removable(at now: UInt64, graceSeconds: UInt64, limit: Int) -> [Superseded] {
    var hidden: Set<String> = []
    for row in self.superseded where row.kind == .title { hidden.insert(row.name) }
    return Array(
      self.superseded.lazy.filter { row in
        row.since + graceSeconds <= now && !(row.kind == .tombstone && hidden.contains(row.name))
      }.prefix(limit)
    )
  }

  /// Takes note that rows were removed.
  mutating func forget(_ keys: Set<String>) {
    guard !keys.isEmpty else { return }
    self.superseded.removeAll { row in keys.contains(row.key) }
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
      for (name, tag) in emotions.superfluous { inventory.supersede(tag, of: name, .emotion) }
      for (id, tag) in titles.superfluous { inventory.supersede(tag, of: id, .title) }
      inventory.apply(Inventory.Change(titles, emotions), at: version)
      return inventory
    }
  }

  /// What there is at a version, from what was known of an earlier one.
  ///
  /// Only where no row has gone that came after the known version: it may have been a tombstone.
  func inventory(
    _ known: Inventory,
    at version: CatalogVersion
  ) async throws(MilvusError) -> Inventory {
    guard known.version.slot != version.slot else { return known }
    guard known.version.generation == version.generation,
      version.manifest.horizon <= known.version.slot
    else { return try await self.inventory(at: version) }
    let condition = "\(RowField.slot) > \(known.version.slot)"
    let titles: NewestRows<[String]?>
    let emotions: NewestRows<[Float]?>
    do throws(MilvusError) {
      titles = try await self.titles(
        where: condition,
        at: version,
        fields: TitleRows.inventoryFields,
        patience: Self.patience
      ) { columns throws(MilvusError) in try Self.words(columns) }
      emotions = try await self.emotions(where: condition, at: version)
    } catch {
      // Dropped meanwhile, or more than fits in one answer.
      guard error.isMissingCollection || error.isTooLarge else { throw error }
      return try await self.inventory(at: version)
    }
    let present = try await self.log.latest(patience: Self.patience)
    guard present.keeps(rowsOf: known.version) else {
      return try await self.inventory(at: present)
    }
    var inventory = known
    inventory.version = version
    for (name, tag) in emotions.superfluous { inventory.supersede(tag, of: name, .emotion) }
    for (id, tag) in titles.superfluous { inventory.supersede(tag, of: id, .title) }
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
