import CatalogStore
import HTTPClient
import MilvusStore
import ServiceRuntime

/// The catalog's store, and the connections to where it lies.
struct CatalogConnection: Sendable {
  let store: any TitleStore
  /// Where the catalog lies, for people; holds no secret.
  let place: String
  private let clients: [HTTP2Client]

  /// Opens the file, or prepares to connect.
  init(_ values: SettingValues) throws {
    self.place = values[GatewaySettings.store]
    guard let address = MilvusAddress(self.place) else {
      self.clients = []
      self.store = try SQLiteCatalogStore(path: String(self.place.dropFirst("sqlite:".count)))
      return
    }
    let credentials = try MilvusCredentials(values)
    let clients = address.proxies.map { proxy in HTTP2Client(host: proxy.host, port: proxy.port) }
    self.clients = clients
    self.store = MilvusCatalogStore(
      proxies: clients.map(\.handler),
      database: address.database,
      prefix: address.prefix,
      credentials: credentials
    )
  }

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

  func close() async {
    for client in self.clients { await client.close() }
  }
}

extension MilvusCredentials {
  fileprivate init(_ values: SettingValues) throws(ConfigurationProblems) {
    let user = values[GatewaySettings.milvusUser]
    let password = values[GatewaySettings.milvusPassword]
    switch (values[GatewaySettings.milvusToken], user, password) {
    case (nil, nil, nil): self = .none
    case (let token?, nil, nil): self = .token(token)
    case (nil, let user?, let password?): self = .user(user, password: password)
    case (nil, _, _):
      throw ConfigurationProblems(["MILVUS_USER and MILVUS_PASSWORD: set both or none"])
    case (.some, _, _):
      throw ConfigurationProblems(["MILVUS_TOKEN and MILVUS_USER are both set: keep one"])
    }
  }
}
