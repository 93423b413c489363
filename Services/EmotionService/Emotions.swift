import ArgumentParser
import Contracts
import CurlClient
import Providers
import RPC
import Safety
import ServiceRuntime

/// Reads emotions from moods and titles.
struct Emotions: Service {
  static let name = "emotion-service"
  static let summary = "Reads emotions from moods and titles, by a language model or a local one."
  static let defaultPort = 8081
  static let settings = EmotionSettings.table
  static let commands: [any AsyncParsableCommand.Type] = [EvaluateCommand.self]

  let providers: [any EmotionProvider]
  private let prompts: Prompts
  private let server: EmotionServer
  private let batches: BatchServer
  private let curl: CurlClient

  init(_ values: SettingValues) throws {
    var configuration = CurlClient.Configuration()
    configuration.trustedCertificates = try VendorSettings.trustedCertificates(values)
    let curl = CurlClient(configuration: configuration)
    self.curl = curl
    let prompts = try EmotionSettings.prompts(values)
    self.prompts = prompts
    let billing = try EmotionSettings.billing(values)
    let parts = EmotionVendor.Parts(
      values: values,
      prompts: prompts,
      billing: billing,
      handler: curl.handler
    )
    let chosen = values[EmotionSettings.providers]
    self.providers = try chosen.compactMap { name -> (any EmotionProvider)? in
      do {
        let vendor = EmotionVendor.all.first { $0.name == name }
        guard let provider = try vendor?.make(parts) else { return nil }
        try billing.check(provider: name, model: provider.model)
        return provider
      } catch let error as VendorEndpoint.MalformedBaseURL {
        throw ConfigurationProblems(["the base URL of the provider \(name) \(error)"])
      } catch let error as Billing.Unpriced {
        throw ConfigurationProblems([error.description])
      }
    }
    self.batches = BatchServer(self.providers)
    self.server = EmotionServer(
      chain: ProviderChain(self.providers.map { MeasuredEmotionProvider($0) }),
      phrases: try CrisisPhrases.shipped(),
      prompts: prompts,
      maxMoodsKept: values[EmotionSettings.cacheEntries],
      lifetime: .seconds(values[EmotionSettings.cacheSeconds])
    )
  }

  func register(on server: inout RPCServer, health: Health) {
    let emotions = self.server
    server.register(EmotionMethods.extractEmotions) { request, context in
      try await emotions.extractEmotions(request, until: context.deadline)
    }
    server.register(EmotionMethods.annotateTitles, timeout: .seconds(60)) { request, context in
      try await emotions.annotateTitles(request, until: context.deadline)
    }
    let batches = self.batches
    server.register(EmotionMethods.submitAnnotationBatch, timeout: .seconds(120)) {
      request,
      context in
      try await batches.submit(request, until: context.deadline)
    }
    server.register(EmotionMethods.collectAnnotationBatch, timeout: .seconds(120)) {
      request,
      context in
      try await batches.collect(request, until: context.deadline)
    }
  }

  func diagnose() async -> [Diagnosis] {
    let inspection = ProviderInspection(handler: self.curl.handler)
    var diagnoses = [Diagnosis("prompts", note: "version \(self.prompts.version)")]
    for provider in self.providers {
      let name = "\(provider.name)/\(provider.model)"
      let inspected = provider as? any Inspectable
      do throws(ProviderError) {
        let answer = try await provider.emotions(
          inMood: "a quiet, happy evening",
          deadline: .now + ProviderInspection.patience
        )
        let words = answer.emotions.map(\.name).joined(separator: ", ")
        let notes = ["reads \(words) in a quiet, happy evening", inspected?.remark ?? ""]
        let note = notes.filter { !$0.isEmpty }.joined(separator: "; ")
        diagnoses.append(Diagnosis(name, note: note))
      } catch {
        let problem = await inspection.explanation(
          of: error,
          model: provider.model,
          provider: inspected
        )
        diagnoses.append(Diagnosis(name, problem: problem))
      }
    }
    return diagnoses
  }

  func close() async { self.curl.close() }
}
