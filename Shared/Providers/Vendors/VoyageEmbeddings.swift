package import HTTPMessage

/// Voyage's embeddings.
///
/// Both sides of every comparison are embedded alike, so no input type is named: the vendor would
/// write another sentence before a query than before a document.
///
/// Source: https://docs.voyageai.com/reference/embeddings-api
package struct VoyageEmbeddings: EmbeddingAPI {
  package static let ownURL = "https://api.voyageai.com/v1"

  package let model: String
  private let endpoint: VendorEndpoint
  private let dimensions: Int?

  package init(endpoint: VendorEndpoint, model: String, dimensions: Int?) {
    self.endpoint = endpoint
    self.model = model
    self.dimensions = dimensions
  }

  package var limits: EmbeddingLimits { EmbeddingLimits(inputs: 1000, bytesPerRequest: 120_000) }
  package var expectedDimensions: Int? { self.dimensions }
  package var version: String {
    self.endpoint.place(unless: Self.ownURL).map { "1@\($0)" } ?? "1"
  }
  package var modelsRequest: HTTPRequest? { nil }

  package func request(for texts: [String]) -> HTTPRequest {
    var members: [String: JSONValue] = [
      "input": .array(texts.map { .string($0) }),
      "model": .string(self.model),
      "truncation": true,
      "output_dtype": "float",
      "encoding_format": "base64",
    ]
    if let dimensions = self.dimensions {
      members["output_dimension"] = .number(Double(dimensions))
    }
    return self.endpoint.post("/embeddings", .object(members))
  }

  package func reply(
    from response: HTTPResponse,
    count: Int
  ) throws(ProviderError) -> VectorReply {
    try IndexedVectors.read(response, count: count)
  }
}
