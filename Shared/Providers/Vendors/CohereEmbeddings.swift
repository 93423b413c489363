package import HTTPMessage

/// Cohere's embeddings.
///
/// Source: https://docs.cohere.com/reference/embed
package struct CohereEmbeddings: EmbeddingAPI {
  package static let ownURL = "https://api.cohere.com"
  /// Has to be named; both sides of every comparison are embedded alike.
  private static let inputType = "search_document"

  package let model: String
  private let endpoint: VendorEndpoint
  private let dimensions: Int?

  package init(endpoint: VendorEndpoint, model: String, dimensions: Int?) {
    self.endpoint = endpoint
    self.model = model
    self.dimensions = dimensions
  }

  package var limits: EmbeddingLimits { EmbeddingLimits(inputs: 96) }
  package var expectedDimensions: Int? { self.dimensions }
  package var version: String {
    "1-\(Self.inputType)" + (self.endpoint.place(unless: Self.ownURL).map { "@\($0)" } ?? "")
  }
  package var modelsRequest: HTTPRequest? { self.endpoint.get("/v1/models?endpoint=embed") }

  package func request(for texts: [String]) -> HTTPRequest {
    var members: [String: JSONValue] = [
      "model": .string(self.model),
      "texts": .array(texts.map { .string($0) }),
      "input_type": .string(Self.inputType),
      "embedding_types": ["float"],
      "truncate": "END",
    ]
    if let dimensions = self.dimensions {
      members["output_dimension"] = .number(Double(dimensions))
    }
    return self.endpoint.post("/v2/embed", .object(members))
  }

  package func reply(
    from response: HTTPResponse,
    count: Int
  ) throws(ProviderError) -> VectorReply {
    let body = try VendorReply.body(of: response, as: ResponseBody.self)
    let tokens = body.meta?.billed_units?.input_tokens.flatMap { Int(exactly: $0) }
    return VectorReply(vectors: body.embeddings.float, inputTokens: tokens)
  }

  private struct ResponseBody: Decodable {
    var embeddings: Embeddings
    var meta: Meta?

    struct Embeddings: Decodable {
      var float: [[Float]]
    }

    struct Meta: Decodable {
      var billed_units: Units?
    }

    /// The vendor's type for a count of tokens is a number, not a whole one.
    struct Units: Decodable {
      var input_tokens: Double?
    }
  }
}
