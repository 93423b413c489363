import CatalogStore
import Certificates
import Channel
import MilvusStore
import RPC
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
      let path = String(self.place.dropFirst("sqlite:".count))
      do throws(StoreError) {
        self.store = try SQLiteCatalogStore(path: path)
      } catch {
        throw ConfigurationProblems(["\(GatewaySettings.store.about.key): \(path): \(error)"])
      }
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

  /// How long a look at the catalog may take: less than who asks for readiness waits.
  static let glance = Duration.milliseconds(1500)
  /// Left of a look for saying why it failed.
  private static let epilogue = Duration.milliseconds(200)

  /// Looks whether the catalog can be served from.
  ///
  /// - Parameter patience: How long the store is waited for.
  /// - Returns: Why not, and what to do; `nil` where it can.
  func problem(within patience: Duration = glance) async -> String? {
    do {
      let deadline = ContinuousClock.now + patience
      return try await withDeadline(deadline) {
        let scope = CallScope(deadline: deadline - Self.epilogue)
        return try await CallScope.$current.withValue(scope) {
          let snapshot = try await self.store.snapshot(for: .answers)
          guard let first = snapshot.ids.first else {
            return "empty: run `recommendation-gateway ingest`"
          }
          // The snapshot is in memory; answers also need records, which the store must be able to
          // read.
          _ = try await self.store.titles([first], for: .answers)
          return nil
        }
      }
    } catch let error as StoreError {
      return "\(error)"
    } catch {
      return self.store.delay.map { "\($0)" } ?? "the store did not answer in time"
    }
  }

  /// What is served now, or `nil` where that takes longer than a glance.
  func glimpse() async -> CatalogSnapshot? {
    let store = self.store
    return try? await withDeadline(.now + Self.glance) { try await store.snapshot(for: .answers) }
  }

  func close() async { await self.milvus?.close() }
}
