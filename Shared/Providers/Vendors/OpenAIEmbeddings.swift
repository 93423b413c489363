import FoundationEssentials
package import HTTPMessage

/// OpenAI's embeddings, and those of the many servers that imitate them.
///
/// Source: https://platform.openai.com/docs/api-reference/embeddings/create
package struct OpenAIEmbeddings: EmbeddingAPI {
  /// Where a server differs from OpenAI.
  package struct Dialect: Sendable, Hashable {
    /// The vendor's own address, whose models need no other mark than their name.
    package var ownURL = ""
    package var path = "/embeddings"
    package var dimensionsName = "dimensions"
    /// The vendor names 8,192 tokens in one place and 8,191 in another.
    package var limits = EmbeddingLimits(inputs: 2048, bytesPerInput: 8191)
    package var listsModels = true

    package init() {}

    private static func make(_ change: (inout Dialect) -> Void) -> Dialect {
      var dialect = Dialect()
      change(&dialect)
      return dialect
    }

    package static let openAI = make { $0.ownURL = "https://api.openai.com/v1" }
    package static let azure = make { $0.listsModels = false }
    /// Mistral takes fewer texts and names the dimensions otherwise.
    ///
    /// Source: https://docs.mistral.ai/api/#tag/embeddings
    package static let mistral = make {
      $0.ownURL = "https://api.mistral.ai/v1"
      $0.dimensionsName = "output_dimension"
      $0.limits = EmbeddingLimits(inputs: 128, bytesPerInput: 8191, bytesPerRequest: 16_384)
    }
    package static let compatible = make { $0.limits.inputs = 256 }
  }

  package let model: String
  private let endpoint: VendorEndpoint
  private let dimensions: Int?
  private let dialect: Dialect

  /// - Parameters:
  ///   - endpoint: Where the API answers.
  ///   - model: As a request names it.
  ///   - dimensions: To ask the model for, `nil` for as many as it has.
  ///   - dialect: Where the server differs from OpenAI.
  package init(
    endpoint: VendorEndpoint,
    model: String,
    dimensions: Int?,
    dialect: Dialect = .openAI
  ) {
    self.endpoint = endpoint
    self.model = model
    self.dimensions = dimensions
    self.dialect = dialect
  }

  package var limits: EmbeddingLimits { self.dialect.limits }
  package var modelsRequest: HTTPRequest? {
    self.dialect.listsModels ? self.endpoint.get("/models") : nil
  }

  package var expectedDimensions: Int? {
    if let dimensions = self.dimensions { return dimensions }
    switch self.model {
    case "text-embedding-3-small", "text-embedding-ada-002": return 1536
    case "text-embedding-3-large": return 3072
    case "mistral-embed": return 1024
    default: return nil
    }
  }

  /// A vendor's model doesn't change under its name, but another server may have its own under it.
  package var version: String {
    self.endpoint.place(unless: self.dialect.ownURL).map { "1@\($0)" } ?? "1"
  }

  package func request(for texts: [String]) -> HTTPRequest {
    var members: [String: JSONValue] = [
      "input": .array(texts.map { .string($0) }),
      "model": .string(self.model),
      "encoding_format": "base64",
    ]
    if let dimensions = self.dimensions {
      members[self.dialect.dimensionsName] = .number(Double(dimensions))
    }
    return self.endpoint.post(self.dialect.path, .object(members))
  }

  package func reply(
    from response: HTTPResponse,
    count: Int
  ) throws(ProviderError) -> VectorReply {
    try IndexedVectors.read(response, count: count)
  }
}

/// The list of numbered vectors that OpenAI answers with, and Voyage too.
struct IndexedVectors: Decodable {
  private var data: [Item]
  private var usage: Usage?

  private struct Item: Decodable {
    var index: Int
    var embedding: PackedVector
  }

  private struct Usage: Decodable {
    var prompt_tokens: Int?
    var total_tokens: Int?
  }

  /// The vectors by their numbers, which are 0 to `count` - 1, each once.
  static func read(_ response: HTTPResponse, count: Int) throws(ProviderError) -> VectorReply {
    let body = try VendorReply.body(of: response, as: Self.self)
    guard body.data.count == count else { throw .malformedReply }
    var vectors = [[Float]?](repeating: nil, count: count)
    for item in body.data {
      guard vectors.indices.contains(item.index), vectors[item.index] == nil else {
        throw .malformedReply
      }
      vectors[item.index] = item.embedding.values
    }
    return VectorReply(
      vectors: vectors.compactMap { $0 },
      inputTokens: body.usage?.prompt_tokens ?? body.usage?.total_tokens
    )
  }
}
