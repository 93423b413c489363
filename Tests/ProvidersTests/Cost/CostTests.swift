import Contracts
import CurlClient
import HTTPMessage
import LocalModels
import Providers
import RPC
import Safety
import ScriptedServer
import SwiftProtobuf
import Testing

@testable import EmbeddingService
@testable import EmotionService

@Suite struct `What a call cost` {
  private typealias Usage = Netflixgpt_Answer_V1_Usage

  private func provider(_ server: ScriptedServer, model: String) throws -> LanguageModelProvider {
    LanguageModelProvider(
      name: "openai",
      api: OpenAIChat(endpoint: try server.endpoint(), model: model),
      handler: CurlClient.shared.handler
    )
  }

  private func usages(of provider: any EmotionProvider) async throws -> [Usage] {
    let server = EmotionServer(
      chain: ProviderChain([provider]),
      phrases: try CrisisPhrases.shipped()
    )
    var usages: [Usage] = []
    for _ in 0..<2 {
      let answer = try await server.extractEmotions(
        .with { $0.mood = "sad" },
        until: .after(.seconds(10))
      )
      usages.append(answer.usage)
    }
    return usages
  }

  @Test func `is told in USD, and nothing for an answer from the cache`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let usages = try await self.usages(of: self.provider(server, model: "gpt-4o-mini"))
      // 100 tokens in at 0.15, 20 out at 0.60 USD a million.
      #expect(abs(usages[0].usd - 0.000027) < 1e-12)
      #expect(usages[1].hasUsd && usages[1].usd == 0)
    }
  }

  @Test func `is absent and not 0 for a model without a price`() async throws {
    try await withServer({ _, _ in [.response(OpenAIReply.mood)] }) { (server) async throws in
      let usages = try await self.usages(of: self.provider(server, model: "gpt-unheard-of"))
      #expect(!usages[0].hasUsd)
      #expect(usages[1].hasUsd && usages[1].usd == 0)
    }
  }

  @Test func `is absent where the provider counts nothing`() async throws {
    let reply = OpenAIReply.json(
      """
      {"choices":[{"message":{"content":"{\\"emotions\\":[{\\"name\\":\\"joy\\",\
      \\"intensity\\":1}]}"},"finish_reason":"stop"}]}
      """
    )
    try await withServer({ _, _ in [.response(reply)] }) { (server) async throws in
      let usages = try await self.usages(of: self.provider(server, model: "gpt-4o-mini"))
      #expect(!usages[0].hasUsd)
    }
  }

  @Test func `is 0 with the local models`() async throws {
    let resource = try ModelResource.locate(override: nil)
    let usages = try await self.usages(of: LocalEmotionProvider(try EmotionModel(resource)))
    #expect(usages[0].hasUsd && usages[0].usd == 0)
    let embeddings = EmbeddingServer(
      chain: try EmbeddingChain(LocalEmbeddingProvider(try EmbeddingModel(resource)))
    )
    let answer = try await embeddings.embed(
      .with { $0.texts = ["joy"] },
      until: .after(.seconds(10))
    )
    #expect(answer.usage.hasUsd && answer.usage.usd == 0)
  }

  @Test func `includes what an answer cost that had to be asked for again`() async throws {
    try await withServer({ _, number in
      [.response(number == 0 ? OpenAIReply.chat("no JSON") : OpenAIReply.mood)]
    }) { (server) async throws in
      let usages = try await self.usages(of: self.provider(server, model: "gpt-4o-mini"))
      #expect(usages[0].inputTokens == 200)
      #expect(abs(usages[0].usd - 0.000054) < 1e-12)
    }
  }

  @Test func `is what OpenRouter says it is`() async throws {
    let reply = OpenAIReply.json(
      """
      {"choices":[{"message":{"content":"{\\"emotions\\":[{\\"name\\":\\"joy\\",\
      \\"intensity\\":1}]}"},"finish_reason":"stop"}],\
      "usage":{"prompt_tokens":100,"completion_tokens":20,"cost":0.0125}}
      """
    )
    try await withServer({ _, _ in [.response(reply)] }) { (server) async throws in
      let usages = try await self.usages(of: self.provider(server, model: "gpt-unheard-of"))
      #expect(usages[0].usd == 0.0125)
    }
  }

  @Test func `of several titles is shared between them`() async throws {
    let titles = ["1", "2", "3"].map { OpenAIReply.title($0) }
    try await withServer({ _, _ in [.response(OpenAIReply.titles(titles))] }) {
      (server) async throws in
      let chain = ProviderChain([try self.provider(server, model: "gpt-4o-mini")])
      let texts = ["a", "b", "c"].map {
        TitleText(id: $0, name: "T", description: "", genres: [])
      }
      let answers = try await chain.annotations(of: texts, until: .after(.seconds(10)))
        .map { try $0.get() }
      #expect(abs(answers.compactMap(\.usd).reduce(0, +) - 0.000027) < 1e-12)
      #expect(Set(answers.map(\.usd)).count == 1)
    }
  }

  @Test func `of vectors is what their tokens cost`() async throws {
    try await withServer({ request, _ in [.response(OpenAIReply.embeddings(for: request))] }) {
      (server) async throws in
      let api = OpenAIEmbeddings(
        endpoint: try server.endpoint(),
        model: "text-embedding-3-small",
        dimensions: 4
      )
      let provider = VectorModelProvider(
        name: "openai",
        api: api,
        handler: CurlClient.shared.handler
      )
      let answer = try await provider.embeddings(of: ["1", "2"], deadline: .after(.seconds(10)))
      #expect(answer.inputTokens == 2)
      #expect(abs((answer.usd ?? -1) - 0.00000004) < 1e-15)
    }
  }
}
