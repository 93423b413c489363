import Caching
import CatalogStore
import RPC

/// The records of titles, read from the store once while the catalog stays as it is.
///
/// Reading ten of them took two fifths of the gateway's time for a mood it had not seen.
struct TitleRecords: Sendable {
  /// A title of one version of the catalog; nothing of it is private.
  struct Key: Sendable, Hashable {
    var version: String
    var id: String
  }

  let store: any TitleStore
  let kept: LRUCache<Key, CatalogTitle>

  /// The records of ranked titles in any order; one deleted since is left out.
  ///
  /// - Throws: `RPCError`.
  func records(
    of ranked: [RankedTitle],
    in snapshot: CatalogSnapshot
  ) async throws -> [CatalogTitle] {
    var records: [CatalogTitle] = []
    var missing: [String] = []
    for title in ranked {
      if let known = self.kept.value(for: Key(version: snapshot.version, id: title.id)) {
        records.append(known)
      } else {
        missing.append(title.id)
      }
    }
    guard !missing.isEmpty else { return records }
    let read: [CatalogTitle]
    do { read = try await self.store.titles(missing, for: .answers) } catch {
      throw RPCError(error)
    }
    for title in read {
      self.kept.insert(title, for: Key(version: snapshot.version, id: title.id))
    }
    return records + read
  }
}
