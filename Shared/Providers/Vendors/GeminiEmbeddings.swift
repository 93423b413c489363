package import HTTPMessage

/// Google's embeddings: one content a request of the batch, as several parts become one vector.
///
/// Source: https://ai.google.dev/api/embeddings
package struct GeminiEmbeddings: EmbeddingAPI {
  /// The stable version, which the vendor's own clients have asked since 3.4.0 of google-genai.
  package static let ownURL = "https://generativelanguage.googleapis.com/v1"
  /// Vectors are compared with each other, never a question with a document.
  private static let taskType = "SEMANTIC_SIMILARITY"

  package let model: String
  private let endpoint: VendorEndpoint
  private let dimensions: Int?

  package init(endpoint: VendorEndpoint, model: String, dimensions: Int?) {
    self.endpoint = endpoint
    self.model = model
    self.dimensions = dimensions
  }

  package var limits: EmbeddingLimits { EmbeddingLimits(inputs: 100) }
  package var expectedDimensions: Int? {
    self.dimensions ?? (self.model == "gemini-embedding-001" ? 3072 : nil)
  }
  package var version: String {
    "1-\(Self.taskType)" + (self.endpoint.place(unless: Self.ownURL).map { "@\($0)" } ?? "")
  }
  package var modelsRequest: HTTPRequest? { self.endpoint.get("/models?pageSize=100") }

  package func request(for texts: [String]) -> HTTPRequest {
    let requests = texts.map { text -> JSONValue in
      var members: [String: JSONValue] = [
        "model": .string("models/\(self.model)"),
        "content": ["parts": [["text": .string(text)]]],
        "taskType": .string(Self.taskType),
      ]
      if let dimensions = self.dimensions {
        members["outputDimensionality"] = .number(Double(dimensions))
      }
      return .object(members)
    }
    return self.endpoint.post(
      "/models/\(self.model):batchEmbedContents",
      ["requests": .array(requests)]
    )
  }

  /// The vendor counts no tokens of embeddings.
  package func reply(
    from response: HTTPResponse,
    count: Int
  ) throws(ProviderError) -> VectorReply {
    let body = try VendorReply.body(of: response, as: ResponseBody.self)
    return VectorReply(vectors: body.embeddings.map(\.values), inputTokens: nil)
  }

  private struct ResponseBody: Decodable {
    var embeddings: [Embedding]

    struct Embedding: Decodable {
      var values: [Float]
    }
  }
}
