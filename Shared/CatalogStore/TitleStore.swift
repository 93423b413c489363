/// What the catalog is read for.
package enum CatalogUse: Sendable {
  /// Answers to callers, who don't wait long: while a change is being read they are made from the
  /// catalog before, and a store that is away is waited for for two seconds.
  case answers
  /// Changes to the catalog: reads see every write of the same store object, and a store that is
  /// away is waited for for a minute.
  case changes
}

/// Where the catalog is kept.
///
/// Several processes may use one store at the same time.
package protocol TitleStore: Sendable {
  /// Such as "sqlite".
  var kind: String { get }

  /// A consistent view for ranking: the same object until the catalog changes.
  ///
  /// Sees the writes of other processes within a second, and the time that reading them takes.
  func snapshot(for use: CatalogUse) async throws(StoreError) -> CatalogSnapshot

  /// Why `snapshot` has not answered yet, or did not when it was last asked; `nil` where nothing is
  /// known to be in the way.
  var delay: StoreError? { get }

  /// The titles in the order asked; those that are missing are left out.
  func titles(_ ids: [String], for use: CatalogUse) async throws(StoreError) -> [CatalogTitle]

  /// Why the store can't hold a title, whatever else it holds; `nil` where it can.
  ///
  /// One such title has all those refused that are written with it.
  func problem(with title: CatalogTitle) -> String?

  /// Adds titles or replaces those with the same id, all or none.
  ///
  /// Of titles with the same id the last counts.
  ///
  /// - Parameters:
  ///   - titles: Their emotions must be in `emotionVectors` or already known.
  ///   - emotionVectors: By emotion, `[dimensions]` each; empty where the model knows no part of
  ///     the word. Words that no title uses are not kept.
  ///   - space: The fingerprint of the embedding space of all vectors given.
  /// - Throws: `StoreError.spaceMismatch` unless the catalog is empty or of the same space.
  func upsert(
    _ titles: [StoredTitle],
    emotionVectors: [String: [Float]],
    space: String
  ) async throws(StoreError)

  /// Replaces the whole catalog, all or nothing: what is served meanwhile is the one before.
  ///
  /// - Parameters:
  ///   - version: Of the snapshot that the titles were read from.
  ///   - titles: As for `upsert`, but of any embedding space.
  ///   - emotionVectors: As for `upsert`, of every emotion.
  ///   - space: The fingerprint of the embedding space of all vectors given.
  /// - Throws: `StoreError.rejected` when the catalog has changed since `version`.
  func replace(
    version: String,
    with titles: [StoredTitle],
    emotionVectors: [String: [Float]],
    space: String
  ) async throws(StoreError)

  /// Removes titles and returns how many there were.
  func delete(_ ids: [String]) async throws(StoreError) -> Int

  /// By id, what `StoredTitle.sourceHash` was when the title was stored.
  func sourceHashes() async throws(StoreError) -> [String: UInt64]

  /// 16 hexadecimal digits, equal for equal contents whatever their history.
  func digest() async throws(StoreError) -> String
}

extension TitleStore {
  /// Of a store without limits of its own.
  package func problem(with title: CatalogTitle) -> String? { TitleBatch.problem(with: title) }

  /// The view for changes.
  package func snapshot() async throws(StoreError) -> CatalogSnapshot {
    try await self.snapshot(for: .changes)
  }

  /// The titles for changes, in the order asked.
  package func titles(_ ids: [String]) async throws(StoreError) -> [CatalogTitle] {
    try await self.titles(ids, for: .changes)
  }
}
