import Contracts
import Foundation
import HTTPMessage
import LocalModels
import Providers
import RPC
import ScriptedServer
import SwiftProtobuf
import Testing

@testable import EmbeddingService

@Suite struct `The embedding service` {
  private func local() throws -> EmbeddingServer {
    let model = try EmbeddingModel(try ModelResource.locate(override: nil))
    return EmbeddingServer(chain: try EmbeddingChain(LocalEmbeddingProvider(model)))
  }

  private func embed(
    _ texts: [String],
    by server: EmbeddingServer,
    _ encoding: Netflixgpt_Embedding_V1_VectorEncoding = .float
  ) async throws -> Netflixgpt_Embedding_V1_EmbedResponse {
    try await server.embed(
      .with {
        $0.texts = texts
        $0.encoding = encoding
      },
      until: .after(.seconds(60))
    )
  }

  private static func echo(_ request: HTTPRequest, _: Int) -> [ScriptedServer.Step] {
    [.response(OpenAIReply.embeddings(for: request))]
  }

  @Test(
    arguments: [
      ([], "texts", "REQUIRED"), (Array(repeating: "a", count: 2049), "texts", "TOO_MANY"),
      (["a", ""], "texts[1]", "REQUIRED"), ([" \n"], "texts[0]", "REQUIRED"),
      (["a", "b", String(repeating: "c", count: 8193)], "texts[2]", "TOO_LONG"),
    ] as [([String], String, String)]
  )
  func `texts out of bounds are refused by name`(
    texts: [String],
    field: String,
    reason: String
  ) async throws {
    let server = try self.local()
    let error = await #expect(throws: RPCError.self) { try await self.embed(texts, by: server) }
    #expect(error?.code == .invalidArgument)
    #expect(error.flatMap { ErrorParts.field(of: $0) } == field)
    #expect(error.flatMap { ErrorParts.reason(of: $0) } == reason)
  }

  @Test func `an unknown encoding is refused by name`() async throws {
    let server = try self.local()
    let error = await #expect(throws: RPCError.self) {
      try await self.embed(["a"], by: server, .UNRECOGNIZED(9))
    }
    #expect(error.flatMap { ErrorParts.field(of: $0) } == "encoding")
  }

  @Test func `every text gets its unit vector, in order, equal ones equal`() async throws {
    let server = try self.local()
    let texts = ["joy", "grief", "joy", String(repeating: "sorrow ", count: 1170)]
    let response = try await self.embed(texts, by: server)
    let dimensions = Int(response.space.dimensions)
    #expect(response.embeddings.count == 4)
    for embedding in response.embeddings {
      #expect(!embedding.unknown)
      #expect(embedding.values.count == dimensions)
      #expect(abs(embedding.values.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4)
    }
    #expect(response.embeddings[0] == response.embeddings[2])
    #expect(response.embeddings[0] != response.embeddings[1])
    let alone = try await self.embed(["grief"], by: try self.local())
    #expect(alone.embeddings[0] == response.embeddings[1])
  }

  @Test func `both encodings carry the same numbers`() async throws {
    let server = try self.local()
    let numbers = try await self.embed(["joy"], by: server)
    let packed = try await self.embed(["joy"], by: server, .packed)
    let bytes = packed.embeddings[0].packed
    #expect(packed.embeddings[0].values.isEmpty)
    #expect(!numbers.embeddings[0].hasPacked)
    let values = stride(from: 0, to: bytes.count, by: 4).map { start in
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
      return Float(bitPattern: bits)
    }
    #expect(values == numbers.embeddings[0].values)
    let unspecified = try await self.embed(["joy"], by: server, .unspecified)
    #expect(unspecified.embeddings == numbers.embeddings)
  }

  @Test func `the space is told with every answer, and alone`() async throws {
    let server = try self.local()
    let space = try await self.embed(["joy"], by: server).space
    #expect(space.provider == "local")
    #expect(space.normalized)
    #expect(!space.version.isEmpty)
    #expect(
      space.fingerprint
        == "local/\(space.model)/\(space.dimensions)/normalized/\(space.version)"
    )
    #expect(try await server.embeddingSpace(until: .after(.seconds(5))).space == space)
  }

  @Test func `duplicates and texts known already are asked for once`() async throws {
    try await withServer(Self.echo) { (openai) async throws in
      let server = EmbeddingServer(chain: try EmbeddingChain(try openai.embeddingProvider()))
      let first = try await self.embed(["1", "2", "1", "3", "2"], by: server)
      #expect(first.embeddings[0] == first.embeddings[2])
      #expect(first.usage.inputTokens == 3)
      #expect(!first.usage.cached)
      let second = try await self.embed(["3", "4"], by: server)
      #expect(second.embeddings[0] == first.embeddings[3])
      #expect(second.usage.inputTokens == 1)
      let third = try await self.embed(["4", "1"], by: server)
      #expect(third.usage.inputTokens == 0)
      #expect(third.usage.cached)
      let inputs = openai.log.requests.map { RequestBody.object($0)["input"] as? [String] }
      #expect(inputs == [["1", "2", "3"], ["4"]])
    }
  }

  @Test func `2,048 texts come back in order from several calls`() async throws {
    try await withServer(Self.echo) { (openai) async throws in
      let server = EmbeddingServer(chain: try EmbeddingChain(try openai.embeddingProvider()))
      let texts = (1...2048).map { "\($0)" }
      let response = try await self.embed(texts, by: server, .packed)
      #expect(response.usage.inputTokens == 2048)
      // A model of unknown size may have vectors of 4,096 numbers, of which 1,152 fit a reply.
      let inputs = openai.log.requests.map { (RequestBody.object($0)["input"] as? [Any])?.count }
      #expect(inputs == [1152, 896])
      for (index, embedding) in response.embeddings.enumerated() {
        let head = embedding.packed.prefix(8).withUnsafeBytes { bytes in
          (0..<2).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        #expect(abs(head[0] / head[1] - Float(index + 1)) < 0.01 * Float(index + 1))
      }
    }
  }

  @Test func `a space not known yet is learnt by one call`() async throws {
    try await withServer(Self.echo) { (openai) async throws in
      let server = EmbeddingServer(chain: try EmbeddingChain(try openai.embeddingProvider()))
      for _ in 0..<3 {
        let space = try await server.embeddingSpace(until: .after(.seconds(5))).space
        #expect(space.dimensions == 4)
        #expect(space.fingerprint.hasPrefix("openai/m/4/normalized/1@"))
        #expect(!space.fingerprint.contains(openai.authority))
      }
      #expect(openai.log.requests.count == 1)
    }
  }

  @Test func `a text the model knows nothing of has no vector and says so`() async throws {
    let server = EmbeddingServer(chain: try EmbeddingChain(NumberProvider()))
    let response = try await self.embed(["7", "seven", "7"], by: server)
    #expect(response.embeddings.map(\.unknown) == [false, true, false])
    #expect(response.embeddings.map(\.values.count) == [2, 0, 2])
    let packed = try await self.embed(["seven"], by: server, .packed)
    #expect(!packed.embeddings[0].hasPacked)
    #expect(packed.usage.cached)
  }

  @Test(arguments: [[Float](), [1], [1, 1], [0, 0], [.nan, 1], [1, 0, 0]])
  func `a vector that is not of the space is never passed on`(vector: [Float]) async throws {
    let server = EmbeddingServer(chain: try EmbeddingChain(NumberProvider(vector: vector)))
    let error = await #expect(throws: RPCError.self) { try await self.embed(["7"], by: server) }
    #expect(error?.code == .unavailable)
  }

  @Test(arguments: [
    (OpenAIReply.error(401, code: nil), Code.failedPrecondition),
    (OpenAIReply.error(429, code: "insufficient_quota"), .resourceExhausted),
    (OpenAIReply.error(503, code: nil, fields: ["x-should-retry": "false"]), .unavailable),
    (OpenAIReply.error(400, code: nil), .internal),
  ])
  func `a provider's failure is told by its meaning`(
    reply: HTTPResponse,
    code: Code
  ) async throws {
    try await withServer({ _, _ in [.response(reply)] }) { (openai) async throws in
      let server = EmbeddingServer(chain: try EmbeddingChain(try openai.embeddingProvider()))
      let error = await #expect(throws: RPCError.self) { try await self.embed(["a"], by: server) }
      #expect(error?.code == code)
      #expect(!"\(String(describing: error))".contains("secret words"))
    }
  }
}

/// Knows numbers only, and answers each with the same vector.
private struct NumberProvider: EmbeddingProvider {
  let name = "numbers"
  let model = "m"
  let version = "1"
  let dimensions: Int? = 2
  let maxBatch = 1
  var vector: [Float] = [0.6, 0.8]

  func embeddings(
    of texts: [String],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> VectorsAnswer {
    VectorsAnswer(
      vectors: texts.map { Int($0) == nil ? nil : self.vector },
      inputTokens: texts.count
    )
  }
}
