import CatalogCSV
import CatalogStore
import Contracts
import Foundation
import Caching
import MilvusStore
import RPC
import Safety

@testable import RecommendationGateway

/// A gateway's methods over a catalog in a temporary folder and the toy services.
struct ToyGateway {
  let services = ToyServices()
  let store: any TitleStore
  let recommender: Recommender
  let client: RPCClient
  let folder: URL

  /// Where the catalog lies.
  enum Place {
    case file
    /// A file that holds what Milvus can hold.
    case limitedFile
    /// A Milvus that can't be reached.
    case nowhere
  }

  /// Runs `body` with a gateway whose catalog has the titles of `csv`.
  static func with(
    _ csv: String = ToyGateway.catalog,
    safety: SafetyMode = .soften,
    at place: Place = .file,
    _ body: (ToyGateway) async throws -> Void
  ) async throws {
    let gateway = try ToyGateway(safety: safety, at: place)
    defer { try? FileManager.default.removeItem(at: gateway.folder) }
    if !csv.isEmpty { _ = try await gateway.ingest(csv) }
    try await body(gateway)
  }

  private init(safety: SafetyMode, at place: Place) throws {
    self.folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    let path = self.folder.appending(path: "toy.sqlite").path
    switch place {
    case .file: self.store = try SQLiteCatalogStore(path: path)
    case .limitedFile: self.store = LimitedStore(try SQLiteCatalogStore(path: path))
    case .nowhere: self.store = MilvusCatalogStore(send: unreachable)
    }
    self.recommender = Recommender(
      emotions: EmotionBackend(
        try self.services.emotionClient,
        cacheEntries: 100,
        cacheFor: .seconds(60)
      ),
      embeddings: EmbeddingBackend(
        try self.services.embeddingClient,
        cacheEntries: 100,
        cacheFor: .seconds(60)
      ),
      store: self.store,
      records: TitleRecords(
        store: self.store,
        kept: LRUCache(capacity: 100, lifetime: .seconds(60))
      ),
      contentWeight: 0.25,
      safety: SafetyPolicy(
        mode: safety,
        phrases: try CrisisPhrases.shipped(),
        resources: try HelpResources.shipped()
      ),
      answers: LRUCache(capacity: 100, lifetime: .seconds(60))
    )
    var server = RPCServer(
      schema: Schema.fileDescriptorSet,
      limits: RPCLimits(),
      health: Health(),
      observe: { _ in }
    )
    RecommendationHandlers(recommender: self.recommender).register(on: &server)
    CatalogHandlers(recommender: self.recommender).register(on: &server)
    let complete = server
    self.client = try RPCClient(baseURL: "http://toy", send: { await complete.handle($0) })
  }

  var ingestor: Ingestor {
    Ingestor(
      emotions: self.recommender.emotions,
      embeddings: self.recommender.embeddings,
      store: self.store
    )
  }

  /// Ingests a file's rows and waits until they are served.
  func ingest(_ csv: String) async throws -> Ingestor.Outcome {
    let file = self.folder.appending(path: "\(UUID().uuidString).csv")
    try csv.write(to: file, atomically: true, encoding: .utf8)
    let rows = try CatalogFile(path: file.path).rows
    let work = try await self.ingestor.work(for: rows, again: false)
    let outcome = await self.ingestor.run(work) { _ in }
    if let interruption = outcome.interruption { throw interruption }
    let deadline = ContinuousClock.now + .seconds(5)
    let known = try await self.store.sourceHashes().count
    while try await self.store.snapshot().count != known, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(50))
    }
    return outcome
  }

  func recommend(
    _ mood: String,
    _ change: (inout Netflixgpt_Recommendation_V1_RecommendRequest) -> Void = { _ in }
  ) async throws -> Netflixgpt_Recommendation_V1_RecommendResponse {
    var request = Netflixgpt_Recommendation_V1_RecommendRequest()
    request.mood = mood
    change(&request)
    return try await self.client.call(RecommendationMethods.recommend, request)
  }

  static let header =
    "id,title,type,description,release_year,age_certification,runtime,genres,seasons,imdb_score"

  static let catalog = """
    \(header)
    a1,Alpha,MOVIE,joy and love,1999,PG,90,['comedy'],,7.5
    a2,Beta,MOVIE,sadness without hope,2005,R,120,"['drama', 'romance']",,8.1
    a3,Gamma,SHOW,fear and anger,2011,TV-MA,45,['horror'],2.0,6.0
    a4,Delta,MOVIE,hope and comfort,2020,,100,['drama'],,
    a5,Epsilon,SHOW,calm comfort,2015,TV-G,25,['family'],4.0,8.8
    a6,Zeta,MOVIE,sadness and love,1984,PG-13,110,"['drama', 'music']",,7.0

    """
}
