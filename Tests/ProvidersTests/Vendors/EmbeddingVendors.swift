import CurlClient
import Foundation
import HTTPMessage
import Providers
import Testing

/// A vendor of embeddings as the shared suite sees it.
struct EmbeddingVendorSample: Sendable, CustomTestStringConvertible {
  let name: String
  let target: String
  /// With the number of dimensions to ask for.
  let api: @Sendable (VendorEndpoint, Int?) -> any EmbeddingAPI
  /// The texts of a request.
  let texts: @Sendable (HTTPRequest) -> [String]
  /// A reply with these vectors, which cost 7 tokens where the vendor counts them.
  let reply: @Sendable ([[Float]]) -> HTTPResponse
  var tokens = 7
  let failures: FailureSamples
  /// The member of a body, or of its parts, that asks for dimensions.
  let dimensionsMember: String

  var testDescription: String { self.name }

  func provider(at authority: String, dimensions: Int? = nil) throws -> VectorModelProvider {
    let endpoint = try VendorEndpoint(baseURL: "http://\(authority)/base", key: "k-test")
    return VectorModelProvider(
      name: self.name,
      api: self.api(endpoint, dimensions),
      handler: CurlClient.shared.handler
    )
  }

  private static func texts(_ member: String) -> @Sendable (HTTPRequest) -> [String] {
    { RequestBody.object($0)[member] as? [String] ?? [] }
  }

  private static func json(_ vectors: [[Float]]) -> String {
    "["
      + vectors.map { "[" + $0.map { "\($0)" }.joined(separator: ",") + "]" }
      .joined(separator: ",") + "]"
  }

  private static func indexed(_ vectors: [[Float]], _ usage: String) -> HTTPResponse {
    let items = vectors.enumerated().map {
      #"{"object":"embedding","index":\#($0),"embedding":"\#(OpenAIReply.base64($1))"}"#
    }
    return OpenAIReply.json(
      """
      {"object":"list","data":[\(items.reversed().joined(separator: ","))],"model":"m",\
      "usage":{\(usage)}}
      """
    )
  }

  private static func openAI(
    _ name: String,
    _ dialect: OpenAIEmbeddings.Dialect,
    _ failures: FailureSamples
  ) -> EmbeddingVendorSample {
    EmbeddingVendorSample(
      name: name,
      target: "/base/embeddings",
      api: { OpenAIEmbeddings(endpoint: $0, model: "m", dimensions: $1, dialect: dialect) },
      texts: Self.texts("input"),
      reply: { Self.indexed($0, #""prompt_tokens":7,"total_tokens":7"#) },
      failures: failures,
      dimensionsMember: dialect.dimensionsName
    )
  }

  static let all: [EmbeddingVendorSample] = [
    Self.openAI("openai", .openAI, Failures.openAI),
    Self.openAI("azure", .azure, Failures.azure),
    Self.openAI("mistral", .mistral, Failures.mistral),
    Self.openAI("compatible", .compatible, Failures.vllm),
    EmbeddingVendorSample(
      name: "voyage",
      target: "/base/embeddings",
      api: { VoyageEmbeddings(endpoint: $0, model: "m", dimensions: $1) },
      texts: Self.texts("input"),
      reply: { Self.indexed($0, #""total_tokens":7"#) },
      failures: Failures.voyage,
      dimensionsMember: "output_dimension"
    ),
    EmbeddingVendorSample(
      name: "gemini",
      target: "/base/models/m:batchEmbedContents",
      api: { GeminiEmbeddings(endpoint: $0, model: "m", dimensions: $1) },
      texts: { request in
        let requests = RequestBody.object(request)["requests"] as? [[String: Any]] ?? []
        return requests.compactMap { request in
          let content = request["content"] as? [String: Any]
          let parts = content?["parts"] as? [[String: String]]
          return parts?.count == 1 ? parts?.first?["text"] : nil
        }
      },
      reply: { vectors in
        let items = vectors.map { #"{"values":\#(Self.json([$0]).dropFirst().dropLast())}"# }
        return OpenAIReply.json(#"{"embeddings":[\#(items.joined(separator: ","))]}"#)
      },
      tokens: 0,
      failures: Failures.gemini,
      dimensionsMember: "outputDimensionality"
    ),
    EmbeddingVendorSample(
      name: "cohere",
      target: "/base/v2/embed",
      api: { CohereEmbeddings(endpoint: $0, model: "m", dimensions: $1) },
      texts: Self.texts("texts"),
      reply: { vectors in
        OpenAIReply.json(
          """
          {"id":"1","embeddings":{"float":\(Self.json(vectors))},\
          "meta":{"billed_units":{"input_tokens":7}}}
          """
        )
      },
      failures: Failures.cohere,
      dimensionsMember: "output_dimension"
    ),
    EmbeddingVendorSample(
      name: "ollama",
      target: "/base/api/embed",
      api: { OllamaEmbeddings(endpoint: $0, model: "m", dimensions: $1) },
      texts: Self.texts("input"),
      reply: { vectors in
        OpenAIReply.json(
          #"{"model":"m","embeddings":\#(Self.json(vectors)),"prompt_eval_count":7}"#
        )
      },
      failures: Failures.ollama,
      dimensionsMember: "dimensions"
    ),
    EmbeddingVendorSample(
      name: "tei",
      target: "/base/embed",
      api: { TEIEmbeddings(endpoint: $0, model: "m", dimensions: $1) },
      texts: Self.texts("inputs"),
      reply: { OpenAIReply.json(Self.json($0)) },
      tokens: 0,
      failures: Failures.tei,
      dimensionsMember: "dimensions"
    ),
  ]
}
