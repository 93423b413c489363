import ArgumentParser
import CatalogStore
import Certificates
import Channel
import Caching
import Contracts
import JSONText
import RPC
import ServiceRuntime

/// The front door: moods in, titles out.
struct Gateway: Service {
  static let name = "recommendation-gateway"
  static let summary = "Answers moods with titles, builds the catalog, serves the page."
  static let defaultPort = 8080
  static let settings = GatewaySettings.table + SafetySettings.table
  static let commands: [any AsyncParsableCommand.Type] = [
    IngestCommand.self, ReindexCommand.self, EvaluateCommand.self,
  ]

  let recommender: Recommender
  private let catalog: CatalogConnection
  private let emotion: BackendService
  private let embedding: BackendService

  init(_ values: SettingValues) throws {
    let entries = values[GatewaySettings.cacheEntries]
    let lifetime = Duration.seconds(values[GatewaySettings.cacheSeconds])
    self.emotion = try BackendService(
      "emotion-service",
      of: EmotionMethods.service,
      at: GatewaySettings.emotionURL,
      key: GatewaySettings.serviceKey,
      values
    )
    self.embedding = try BackendService(
      "embedding-service",
      of: EmbeddingMethods.service,
      at: GatewaySettings.embeddingURL,
      key: GatewaySettings.serviceKey,
      values
    )
    self.catalog = try CatalogConnection(values)
    self.recommender = Recommender(
      emotions: EmotionBackend(self.emotion.client, cacheEntries: entries, cacheFor: lifetime),
      embeddings: EmbeddingBackend(
        self.embedding.client,
        cacheEntries: entries,
        cacheFor: lifetime
      ),
      store: self.catalog.store,
      records: TitleRecords(
        store: self.catalog.store,
        kept: LRUCache(named: "titles", capacity: entries, lifetime: lifetime)
      ),
      contentWeight: values[GatewaySettings.contentWeight],
      safety: try SafetyPolicy(values),
      answers: LRUCache(
        named: "answers",
        capacity: values[GatewaySettings.answerEntries],
        lifetime: lifetime
      )
    )
  }

  var store: any TitleStore { self.catalog.store }

  var ingestor: Ingestor {
    Ingestor(
      emotions: self.recommender.emotions,
      embeddings: self.recommender.embeddings,
      store: self.catalog.store
    )
  }

  var reindexer: Reindexer {
    Reindexer(embeddings: self.recommender.embeddings, store: self.catalog.store)
  }

  func register(on server: inout RPCServer, health: Health) {
    RecommendationHandlers(recommender: self.recommender).register(on: &server)
    CatalogHandlers(recommender: self.recommender).register(on: &server)
    Page.register(on: &server)
    health.addCheck(name: "catalog") { await self.catalog.problem() }
    health.addCheck(name: "embedding-space") { await self.spaceProblem() }
    for backend in self.backends {
      health.addCheck(name: backend.name) { await backend.problem() }
    }
  }

  private var backends: [BackendService] { [self.emotion, self.embedding] }

  var credentials: [Credentials] {
    (self.backends.map(\.credentials) + [self.catalog.credentials]).compactMap(\.self)
  }

  var debugPages: [String: @Sendable () async -> JSONValue] {
    let (backends, catalog) = (self.backends, self.catalog)
    return [
      "channels": {
        let channels = backends.map { $0.snapshot() } + [catalog.snapshot()].compactMap(\.self)
        return .members([
          "channels": .array(
            channels.map { .verbatim(String(decoding: $0.json, as: UTF8.self)) }
          )
        ])
      }
    ]
  }

  /// How long `doctor` waits for the catalog's store, which may have to load it first.
  private static let diagnosis = Duration.seconds(10)

  func diagnose() async -> [Diagnosis] {
    var diagnoses: [Diagnosis] = []
    for backend in self.backends {
      diagnoses.append(
        Diagnosis(backend.name, problem: await backend.problem(), note: backend.places)
      )
    }
    let problem = await self.catalog.problem(within: Self.diagnosis)
    let snapshot = await self.catalog.glimpse()
    diagnoses.append(
      Diagnosis(
        "catalog",
        problem: problem,
        note: snapshot.map { snapshot in
          "\(self.catalog.place), \(snapshot.count) titles, \(snapshot.words.count) emotions"
        } ?? self.catalog.place
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
    await self.catalog.close()
  }

  /// Why moods can't be compared with the catalog, as far as both sides can be asked.
  private func spaceProblem() async -> String? {
    guard let snapshot = await self.catalog.glimpse(), snapshot.count > 0 else { return nil }
    do {
      let space = try await self.recommender.embeddings.currentSpace()
      guard space != snapshot.space else { return nil }
      return Recommender.spaceMismatch(catalog: snapshot.space, service: space).message
    } catch {
      return (error as? RPCError).flatMap { self.embedding.misconfiguration(by: $0) }
    }
  }
}
