import ArgumentParser
import Contracts
import CurlClient
import LocalModels
import Providers
import RPC
import ServiceRuntime

/// Turns texts into unit vectors.
struct Embeddings: Service {
  static let name = "embedding-service"
  static let summary = "Turns texts into unit vectors, by a provider's model or a local one."
  static let defaultPort = 8082
  static let settings = EmbeddingSettings.table
  static let commands: [any AsyncParsableCommand.Type] = [EvaluateCommand.self]

  let provider: any EmbeddingProvider
  private let server: EmbeddingServer
  private let curl: CurlClient

  init(_ values: SettingValues) throws {
    let curl = CurlClient()
    self.curl = curl
    switch values[EmbeddingSettings.provider] {
    case "openai":
      let settings = try OpenAISettings(values)
      let endpoint = try OpenAIEndpoint(baseURL: settings.baseURL, key: settings.key)
      self.provider = OpenAIEmbeddingProvider(
        embeddings: OpenAIEmbeddings(
          endpoint: endpoint,
          model: values[EmbeddingSettings.openAIModel],
          dimensions: values[EmbeddingSettings.openAIDimensions]
        ),
        handler: curl.handler
      )
    default:
      let resource = try ModelResource.locate(override: values[EmbeddingSettings.modelFile])
      self.provider = LocalEmbeddingProvider(try EmbeddingModel(resource))
    }
    self.server = EmbeddingServer(
      provider: self.provider,
      maxVectorsKept: values[EmbeddingSettings.cacheEntries]
    )
  }

  func register(on server: inout RPCServer, health: Health) {
    let embeddings = self.server
    server.register(EmbeddingMethods.embed) { request, context in
      try await embeddings.embed(request, until: context.deadline)
    }
    server.register(EmbeddingMethods.getEmbeddingSpace) { _, context in
      try await embeddings.embeddingSpace(until: context.deadline)
    }
  }

  func diagnose() async -> [Diagnosis] {
    let name = "\(self.provider.name)/\(self.provider.model)"
    do throws(ProviderError) {
      let (vectors, _) = try await self.provider.embeddings(
        of: ["joy"],
        deadline: .now + .seconds(20)
      )
      guard let vector = vectors.first ?? nil else {
        return [Diagnosis(name, problem: "gave no vector for the word joy")]
      }
      return [Diagnosis(name, note: "vectors of \(vector.count) numbers")]
    } catch {
      return [Diagnosis(name, problem: RPCError(error).message)]
    }
  }

  func close() async { self.curl.close() }
}
