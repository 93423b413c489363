package import HTTPMessage

/// Ollama's embeddings.
///
/// Source: https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings
package struct OllamaEmbeddings: EmbeddingAPI {
  package let model: String
  private let endpoint: VendorEndpoint
  private let dimensions: Int?

  package init(endpoint: VendorEndpoint, model: String, dimensions: Int?) {
    self.endpoint = endpoint
    self.model = model
    self.dimensions = dimensions
  }

  /// Most local models read 2,048 tokens or more; what is longer is cut before the server, which
  /// has failed at it.
  ///
  /// Source: https://github.com/ollama/ollama/issues/14186
  package var limits: EmbeddingLimits {
    EmbeddingLimits(inputs: 64, bytesPerInput: 6000, bytesPerRequest: 200_000)
  }
  package var expectedDimensions: Int? { self.dimensions }
  /// Every server has its own models under the names it likes.
  package var version: String { self.endpoint.place(unless: "").map { "1@\($0)" } ?? "1" }
  package var modelsRequest: HTTPRequest? { self.endpoint.get("/api/tags") }

  package func request(for texts: [String]) -> HTTPRequest {
    var members: [String: JSONValue] = [
      "model": .string(self.model),
      "input": .array(texts.map { .string($0) }),
      "truncate": true,
      "keep_alive": "10m",
    ]
    if let dimensions = self.dimensions { members["dimensions"] = .number(Double(dimensions)) }
    return self.endpoint.post("/api/embed", .object(members))
  }

  package func reply(
    from response: HTTPResponse,
    count: Int
  ) throws(ProviderError) -> VectorReply {
    let body = try VendorReply.body(of: response, as: ResponseBody.self)
    return VectorReply(vectors: body.embeddings, inputTokens: body.prompt_eval_count)
  }

  private struct ResponseBody: Decodable {
    var embeddings: [[Float]]
    var prompt_eval_count: Int?
  }
}
