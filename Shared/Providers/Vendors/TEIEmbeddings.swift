package import HTTPMessage

/// Embeddings of text-embeddings-inference, which serves one model.
///
/// Source: https://huggingface.github.io/text-embeddings-inference/#/Text%20Embeddings%20Inference/embed
package struct TEIEmbeddings: EmbeddingAPI {
  package let model: String
  private let endpoint: VendorEndpoint
  private let dimensions: Int?

  /// - Parameters:
  ///   - endpoint: Where the server answers.
  ///   - model: A name for people and for the space; the server asks for none.
  ///   - dimensions: To ask the model for, `nil` for as many as it has.
  package init(endpoint: VendorEndpoint, model: String, dimensions: Int?) {
    self.endpoint = endpoint
    self.model = model
    self.dimensions = dimensions
  }

  /// A server takes 32 texts a request unless it is told otherwise.
  package var limits: EmbeddingLimits { EmbeddingLimits(inputs: 32) }
  package var expectedDimensions: Int? { self.dimensions }
  package var version: String { self.endpoint.place(unless: "").map { "1@\($0)" } ?? "1" }
  package var modelsRequest: HTTPRequest? { nil }

  package func request(for texts: [String]) -> HTTPRequest {
    var members: [String: JSONValue] = [
      "inputs": .array(texts.map { .string($0) }),
      "normalize": true,
      "truncate": true,
    ]
    if let dimensions = self.dimensions { members["dimensions"] = .number(Double(dimensions)) }
    return self.endpoint.post("/embed", .object(members))
  }

  /// The server tells no count of tokens.
  package func reply(
    from response: HTTPResponse,
    count: Int
  ) throws(ProviderError) -> VectorReply {
    let vectors = try VendorReply.body(of: response, as: [[Float]].self)
    return VectorReply(vectors: vectors, inputTokens: nil)
  }
}
