internal import CatalogStore

/// What the next version is to say.
struct Draft: Sendable {
  /// Each id once.
  var titles: [StoredTitle] = []
  /// Ids of titles to be removed.
  var removed: [String] = []
  /// An empty vector stands for one that the model did not have.
  var words: [(name: String, vector: [Float])] = []
  var space: String
  var dimensions: Int
  /// How many titles there are then.
  var count: Int

  /// The titles of a batch, added to or replacing those there are.
  ///
  /// - Throws: `StoreError.spaceMismatch` or `rejected`; by the rules of `TitleStore.upsert`.
  init(upserting batch: TitleBatch, to inventory: Inventory) throws(StoreError) {
    let version = inventory.version
    guard version.isEmpty || version.manifest.space == batch.space else {
      throw .spaceMismatch(expected: version.manifest.space, got: batch.space)
    }
    let known = version.isEmpty || version.dimensions == 0 ? nil : version.dimensions
    let dimensions = known ?? batch.dimensions ?? 0
    guard batch.dimensions == nil || batch.dimensions == dimensions else {
      throw .rejected(
        "vectors of \(batch.dimensions ?? 0) numbers where the catalog's have \(dimensions)"
      )
    }
    self.init(batch, dimensions: dimensions)
    self.words = []
    for name in batch.emotions.sorted() {
      guard let vector = batch.emotionVectors[name] else {
        guard inventory.words[name] != nil else { throw Self.missingVector(name) }
        continue
      }
      if !inventory.holds(name, vector.isEmpty ? nil : vector) { self.words.append((name, vector)) }
    }
    let new = self.titles.count { inventory.titles[$0.title.id] == nil }
    self.count = inventory.titles.count + new
  }

  /// The titles of a batch in place of all there are.
  init(replacingAllBy batch: TitleBatch) throws(StoreError) {
    self.init(batch, dimensions: batch.dimensions ?? 0)
    for name in batch.emotions.sorted() {
      guard let vector = batch.emotionVectors[name] else { throw Self.missingVector(name) }
      self.words.append((name, vector))
    }
  }

  /// `nil` when there are no such titles.
  init?(removing ids: [String], from inventory: Inventory) {
    self.removed = Set(ids).filter { inventory.titles[$0] != nil }.sorted()
    guard !self.removed.isEmpty else { return nil }
    self.count = inventory.titles.count - self.removed.count
    self.space = self.count == 0 ? "" : inventory.version.manifest.space
    self.dimensions = self.count == 0 ? 0 : inventory.version.dimensions
  }

  /// Of titles with the same id the last counts.
  private init(_ batch: TitleBatch, dimensions: Int) {
    let last = Dictionary(batch.titles.map { ($0.title.id, $0) }) { _, last in last }
    self.titles = last.values.sorted { $0.title.id < $1.title.id }
    self.space = batch.space
    self.dimensions = dimensions
    self.count = self.titles.count
  }

  private static func missingVector(_ name: String) -> StoreError {
    .rejected("no vector was given for the emotion \"\(name)\"")
  }

  /// The same, with the rest of the catalog as titles of its own.
  func including(_ contents: CatalogContents) -> Draft {
    var draft = self
    let own = Set(self.titles.map(\.title.id)).union(self.removed)
    draft.titles += contents.titles.filter { !own.contains($0.title.id) }
    draft.removed = []
    let given = Set(self.words.map(\.name))
    let used = Set(draft.titles.flatMap { stored in stored.title.emotions.map(\.name) })
    draft.words += contents.emotions.filter { used.contains($0.name) && !given.contains($0.name) }
      .map { (name: $0.name, vector: $0.vector ?? []) }
    draft.count = draft.titles.count
    return draft
  }

  /// Throws what Milvus can't hold.
  func check() throws(StoreError) {
    guard self.dimensions <= RowLimits.dimensions else {
      throw .rejected("Milvus takes vectors of at most \(RowLimits.dimensions) numbers")
    }
    for stored in self.titles { try TitleRows.check(stored.title) }
    guard self.words.allSatisfy({ $0.name.utf8.count <= RowLimits.nameBytes }) else {
      throw .rejected("an emotion has more than \(RowLimits.nameBytes) bytes")
    }
  }
}
