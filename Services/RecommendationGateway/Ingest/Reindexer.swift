import CatalogStore
import RPC

/// Moves a catalog into the embedding space that the service has now.
///
/// Emotions and emojis stay as they are; only vectors are made anew. The catalog changes in one
/// transaction, so gateways serve the old one until they serve the new one.
struct Reindexer: Sendable {
  let embeddings: EmbeddingBackend
  let store: any TitleStore

  private static let textsPerCall = 256

  /// Embeds every title and every emotion again, unless the catalog is in the service's space.
  ///
  /// - Parameter progress: Hears how many of how many texts are embedded.
  /// - Returns: How many titles were moved.
  /// - Throws: `RPCError` or `StoreError`; the catalog is then as it was.
  func run(progress: @Sendable (_ done: Int, _ total: Int) -> Void) async throws -> Int {
    let snapshot = try await self.store.snapshot(for: .changes)
    let space = try await self.embeddings.currentSpace()
    guard snapshot.count > 0, snapshot.space != space else { return 0 }
    let titles = try await self.store.titles(snapshot.ids, for: .changes)
    let hashes = try await self.store.sourceHashes()
    let texts = snapshot.words + titles.map(\.contentText)
    var vectors: [String: [Float]] = [:]
    for start in stride(from: 0, to: texts.count, by: Self.textsPerCall) {
      let part = Array(texts[start..<min(start + Self.textsPerCall, texts.count)])
      let answer = try await self.embeddings.vectors(of: part, timeout: .seconds(120))
      guard answer.space == space else {
        throw Recommender.spaceMismatch(catalog: space, service: answer.space)
      }
      vectors.merge(answer.vectors) { first, _ in first }
      progress(start + part.count, texts.count)
    }
    let moved = titles.map { title in
      StoredTitle(
        title: title,
        contentVector: vectors[title.contentText],
        sourceHash: hashes[title.id] == Ingestor.provisional
          ? Ingestor.provisional : title.sourceHash(space: space)
      )
    }
    let words = Dictionary(
      snapshot.words.map { ($0, vectors[$0] ?? []) },
      uniquingKeysWith: { first, _ in first }
    )
    try await self.store.replace(
      version: snapshot.version,
      with: moved,
      emotionVectors: words,
      space: space
    )
    return moved.count
  }
}
