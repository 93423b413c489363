import CatalogStore
import Certificates
import Channel
import MilvusStore
import ServiceRuntime

/// The catalog's store, and the way to where it lies.
struct CatalogConnection: Sendable {
  let store: any TitleStore
  /// Where the catalog lies, for people; holds no secret.
  let place: String
  private let milvus: MilvusConnection?

  /// Opens the file, or prepares to connect.
  init(_ values: SettingValues) throws {
    self.place = values[GatewaySettings.store]
    guard let address = MilvusAddress(self.place) else {
      self.milvus = nil
      self.store = try SQLiteCatalogStore(path: String(self.place.dropFirst("sqlite:".count)))
      return
    }
    let milvus = try MilvusConnection(address, values)
    self.milvus = milvus
    self.store = milvus.store
  }

  /// What the catalog is asked for with by TLS.
  var credentials: Credentials? { self.milvus?.credentials }

  /// What is known of the places where the catalog is asked for; `nil` for a file.
  func snapshot() -> ChannelSnapshot? { self.milvus?.snapshot() }

  /// Why the catalog can't be served from, and what to do; `nil` where it can.
  func problem() async -> String? {
    do throws(StoreError) {
      let snapshot = try await self.store.snapshot()
      guard let first = snapshot.ids.first else {
        return "empty: run `recommendation-gateway ingest`"
      }
      // The snapshot is in memory; answers also need records, which the store must be able to read.
      _ = try await self.store.titles([first])
      return nil
    } catch {
      return "\(error)"
    }
  }

  func close() async { await self.milvus?.close() }
}
