import ArgumentParser
import Contracts
import CurlClient
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

  /// Who embeds as long as it can.
  let provider: any EmbeddingProvider
  private let providers: [any EmbeddingProvider]
  private let server: EmbeddingServer
  private let curl: CurlClient

  init(_ values: SettingValues) throws {
    var configuration = CurlClient.Configuration()
    configuration.trustedCertificates = try VendorSettings.trustedCertificates(values)
    let curl = CurlClient(configuration: configuration)
    self.curl = curl
    let billing = try EmbeddingSettings.billing(values)
    let providers = try values[EmbeddingSettings.providers].compactMap {
      name -> (any EmbeddingProvider)? in
      do {
        let vendor = EmbeddingVendor.all.first { $0.name == name }
        guard let provider = try vendor?.make(values, billing, curl.handler) else { return nil }
        try billing.check(provider: name, model: provider.model)
        return provider
      } catch let error as VendorEndpoint.MalformedBaseURL {
        throw ConfigurationProblems(["the base URL of the provider \(name) \(error)"])
      } catch let error as Billing.Unpriced {
        throw ConfigurationProblems([error.description])
      }
    }
    guard let first = providers.first else {
      throw ConfigurationProblems(["EMBEDDING_PROVIDER: names nobody"])
    }
    self.provider = first
    self.providers = providers
    let chain = try EmbeddingChain(
      MeasuredEmbeddingProvider(first),
      providers.dropFirst().map { MeasuredEmbeddingProvider($0) },
      sharedSpace: values[EmbeddingSettings.space]
    )
    self.server = EmbeddingServer(
      chain: chain,
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
    let inspection = ProviderInspection(handler: self.curl.handler)
    var diagnoses: [Diagnosis] = []
    for provider in self.providers {
      let name = "\(provider.name)/\(provider.model)"
      do throws(ProviderError) {
        let vectors = try await provider.embeddings(
          of: ["joy"],
          deadline: .now + ProviderInspection.patience
        ).vectors
        if let vector = vectors.first ?? nil {
          diagnoses.append(Diagnosis(name, note: "vectors of \(vector.count) numbers"))
        } else {
          diagnoses.append(Diagnosis(name, problem: "gave no vector for the word joy"))
        }
      } catch {
        let problem = await inspection.explanation(
          of: error,
          model: provider.model,
          provider: provider as? any Inspectable
        )
        diagnoses.append(Diagnosis(name, problem: problem))
      }
    }
    return diagnoses
  }

  func close() async { self.curl.close() }
}
