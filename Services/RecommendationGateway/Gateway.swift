import ArgumentParser
import CatalogStore
import HTTPClient
import Caching
import RPC
import ServiceRuntime

/// The front door: moods in, titles out.
struct Gateway: Service {
  static let name = "recommendation-gateway"
  static let summary = "Answers moods with titles, builds the catalog, serves the page."
  static let defaultPort = 8080
  static let settings = GatewaySettings.table
  static let commands: [any AsyncParsableCommand.Type] = [
    IngestCommand.self, ReindexCommand.self, EvaluateCommand.self,
  ]

  let store: any TitleStore
  let recommender: Recommender
  private let emotion: Backend
  private let embedding: Backend

  init(_ values: SettingValues) throws {
    let entries = values[GatewaySettings.cacheEntries]
    let lifetime = Duration.seconds(values[GatewaySettings.cacheSeconds])
    self.emotion = try Backend("emotion-service", url: values[GatewaySettings.emotionURL])
    self.embedding = try Backend("embedding-service", url: values[GatewaySettings.embeddingURL])
    self.store = try SQLiteCatalogStore(
      path: String(values[GatewaySettings.store].dropFirst("sqlite:".count))
    )
    self.recommender = Recommender(
      emotions: EmotionBackend(self.emotion.client, cacheEntries: entries, cacheFor: lifetime),
      embeddings: EmbeddingBackend(
        self.embedding.client,
        cacheEntries: entries,
        cacheFor: lifetime
      ),
      store: self.store,
      records: TitleRecords(
        store: self.store,
        kept: LRUCache(capacity: entries, lifetime: lifetime)
      ),
      contentWeight: values[GatewaySettings.contentWeight],
      answers: LRUCache(capacity: values[GatewaySettings.answerEntries], lifetime: lifetime)
    )
  }

  var ingestor: Ingestor {
    Ingestor(
      emotions: self.recommender.emotions,
      embeddings: self.recommender.embeddings,
      store: self.store
    )
  }

  var reindexer: Reindexer {
    Reindexer(embeddings: self.recommender.embeddings, store: self.store)
  }

  func register(on server: inout RPCServer, health: Health) {
    RecommendationHandlers(recommender: self.recommender).register(on: &server)
    Page.register(on: &server)
    health.addCheck(name: "catalog") { await self.catalogProblem() }
    health.addCheck(name: "embedding-space") { await self.spaceProblem() }
    for backend in [self.emotion, self.embedding] {
      health.addCheck(name: backend.name) { await backend.problem() }
    }
  }

  func diagnose() async -> [Diagnosis] {
    var diagnoses: [Diagnosis] = []
    for backend in [self.emotion, self.embedding] {
      diagnoses.append(
        Diagnosis(backend.name, problem: await backend.problem(), note: backend.url)
      )
    }
    let snapshot = try? await self.store.snapshot()
    diagnoses.append(
      Diagnosis(
        "catalog",
        problem: await self.catalogProblem(),
        note: snapshot.map { "\($0.count) titles, \($0.words.count) emotions" } ?? ""
      )
    )
    diagnoses.append(
      Diagnosis(
        "embedding space",
        problem: await self.spaceProblem(),
        note: snapshot?.space ?? ""
      )
    )
    return diagnoses
  }

  func close() async {
    await self.emotion.close()
    await self.embedding.close()
  }

  /// Why moods can't be compared with the catalog, as far as both sides can be asked.
  private func spaceProblem() async -> String? {
    guard let snapshot = try? await self.store.snapshot(), snapshot.count > 0,
      let space = try? await self.recommender.embeddings.currentSpace(), space != snapshot.space
    else { return nil }
    return Recommender.spaceMismatch(catalog: snapshot.space, service: space).message
  }

  private func catalogProblem() async -> String? {
    do {
      return try await self.store.snapshot().count > 0
        ? nil : "empty: run `recommendation-gateway ingest`"
    } catch {
      return "\(error)"
    }
  }
}

/// One of the services behind the gateway.
private struct Backend: Sendable {
  let name: String
  let url: String
  let client: RPCClient
  private let connection: HTTP2Client

  init(_ name: String, url: String) throws {
    guard let address = ServiceAddress(url: url) else {
      throw ConfigurationProblems(["\(url) is not an address of the form http://HOST:PORT"])
    }
    self.name = name
    self.url = url
    self.connection = HTTP2Client(host: address.host, port: address.port)
    self.client = try RPCClient(baseURL: url, send: self.connection.handler)
  }

  /// What keeps the service from answering, or `nil`.
  func problem() async -> String? {
    do {
      let answer = try await self.client.call(HealthMethods.check, .init(), timeout: .seconds(1))
      return answer.status == .serving ? nil : "says that it is not serving"
    } catch {
      return "\(error.code.name): \(error.message)"
    }
  }

  func close() async { await self.connection.close() }
}
