import CatalogStore
import HTTPMessage
import MilvusStore

/// A catalog in a file that holds what Milvus can hold.
struct LimitedStore: TitleStore {
  let file: SQLiteCatalogStore
  /// Says what it can hold without being asked for anything else.
  private let limits = MilvusCatalogStore(send: unreachable)

  init(_ file: SQLiteCatalogStore) { self.file = file }

  var kind: String { self.file.kind }
  var delay: StoreError? { self.file.delay }

  func problem(with title: CatalogTitle) -> String? { self.limits.problem(with: title) }

  func snapshot(for use: CatalogUse) async throws(StoreError) -> CatalogSnapshot {
    try await self.file.snapshot(for: use)
  }

  func titles(_ ids: [String], for use: CatalogUse) async throws(StoreError) -> [CatalogTitle] {
    try await self.file.titles(ids, for: use)
  }

  func upsert(
    _ titles: [StoredTitle],
    emotionVectors: [String: [Float]],
    space: String
  ) async throws(StoreError) {
    // As Milvus does: one title that it can't hold has all refused.
    for stored in titles {
      if let problem = self.problem(with: stored.title) { throw .rejected(problem) }
    }
    try await self.file.upsert(titles, emotionVectors: emotionVectors, space: space)
  }

  func replace(
    version: String,
    with titles: [StoredTitle],
    emotionVectors: [String: [Float]],
    space: String
  ) async throws(StoreError) {
    try await self.file.replace(
      version: version,
      with: titles,
      emotionVectors: emotionVectors,
      space: space
    )
  }

  func delete(_ ids: [String]) async throws(StoreError) -> Int { try await self.file.delete(ids) }

  func sourceHashes() async throws(StoreError) -> [String: UInt64] {
    try await self.file.sourceHashes()
  }

  func digest() async throws(StoreError) -> String { try await self.file.digest() }
}

/// Reaches nobody.
let unreachable: HTTPHandler = { _ in throw HTTPTransportError(.unreachable, "nobody is there") }
