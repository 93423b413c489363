import ArgumentParser
import Contracts
import CurlClient
import LocalModels
import Providers
import RPC
import ServiceRuntime

/// Reads emotions from moods and titles.
struct Emotions: Service {
  static let name = "emotion-service"
  static let summary = "Reads emotions from moods and titles, by a language model or a local one."
  static let defaultPort = 8081
  static let settings = EmotionSettings.table
  static let commands: [any AsyncParsableCommand.Type] = [EvaluateCommand.self]

  let providers: [any EmotionProvider]
  private let server: EmotionServer
  private let curl: CurlClient

  init(_ values: SettingValues) throws {
    let curl = CurlClient()
    self.curl = curl
    self.providers = try values[EmotionSettings.providers].map { name in
      switch name {
      case .local:
        let resource = try ModelResource.locate(override: values[EmotionSettings.modelFile])
        return LocalEmotionProvider(try EmotionModel(resource))
      case .openai:
        let settings = try OpenAISettings(values)
        let endpoint = try OpenAIEndpoint(baseURL: settings.baseURL, key: settings.key)
        return OpenAIEmotionProvider(
          chat: OpenAIChat(
            endpoint: endpoint,
            model: values[EmotionSettings.openAIModel]
          ),
          handler: curl.handler
        )
      }
    }
    self.server = EmotionServer(
      chain: ProviderChain(self.providers),
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
  }

  func diagnose() async -> [Diagnosis] {
    var diagnoses: [Diagnosis] = []
    for provider in self.providers {
      let name = "\(provider.name)/\(provider.model)"
      do throws(ProviderError) {
        let answer = try await provider.emotions(
          inMood: "a quiet, happy evening",
          deadline: .now + .seconds(20)
        )
        let words = answer.emotions.map(\.name).joined(separator: ", ")
        diagnoses.append(Diagnosis(name, note: "reads \(words) in a quiet, happy evening"))
      } catch {
        diagnoses.append(Diagnosis(name, problem: RPCError(error).message))
      }
    }
    return diagnoses
  }

  func close() async { self.curl.close() }
}
