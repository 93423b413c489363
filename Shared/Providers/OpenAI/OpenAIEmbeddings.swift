import FoundationEssentials
package import HTTPMessage

/// OpenAI's embeddings, as two pure functions and the limits of a request.
///
/// Source: https://platform.openai.com/docs/api-reference/embeddings/create
package struct OpenAIEmbeddings: Sendable {
  /// Of one request.
  package static let maxInputs = 2048
  /// Of one request, all inputs together.
  package static let maxTokens = 300_000
  /// Of one input; the vendor names 8,192 in one place and 8,191 in another.
  package static let maxTokensPerInput = 8191

  package let endpoint: OpenAIEndpoint
  package let model: String
  /// To ask the model for, `nil` for as many as it has.
  package let dimensions: Int?

  package init(endpoint: OpenAIEndpoint, model: String, dimensions: Int?) {
    self.endpoint = endpoint
    self.model = model
    self.dimensions = dimensions
  }

  /// What the model's vectors are known to have.
  package var expectedDimensions: Int? {
    if let dimensions = self.dimensions { return dimensions }
    switch self.model {
    case "text-embedding-3-small", "text-embedding-ada-002": return 1536
    case "text-embedding-3-large": return 3072
    default: return nil
    }
  }

  package func request(for texts: [String]) -> HTTPRequest {
    let body = RequestBody(input: texts, model: self.model, dimensions: self.dimensions)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and a whole number only, which always have a JSON form.
    let bytes = (try? encoder.encode(body)).map { [UInt8]($0) } ?? []
    return self.endpoint.post("/embeddings", body: bytes)
  }

  /// Reads the vectors that answer a request.
  ///
  /// - Parameters:
  ///   - response: Of the vendor, whatever its status.
  ///   - count: Of the inputs.
  /// - Returns: The vectors in the order of the inputs, with length 1, and the tokens used.
  /// - Throws: `malformedReply` unless there is one vector for each input, all of the same length
  ///   and that the one expected, if any is.
  package func reply(
    from response: HTTPResponse,
    count: Int
  ) throws(ProviderError) -> (vectors: [[Float]], inputTokens: Int) {
    let body = try OpenAIFailure.success(of: response, as: ResponseBody.self)
    guard body.data.count == count else { throw .malformedReply }
    var vectors = [[Float]?](repeating: nil, count: count)
    for item in body.data {
      guard vectors.indices.contains(item.index), vectors[item.index] == nil,
        let vector = item.embedding.values.normalized
      else { throw .malformedReply }
      vectors[item.index] = vector
    }
    let found = vectors.compactMap { $0 }
    let length = self.expectedDimensions ?? found.first?.count
    guard found.count == count, found.allSatisfy({ $0.count == length }) else {
      throw .malformedReply
    }
    return (found, (body.usage?.prompt_tokens).tokenCount)
  }

  /// The beginning of `text` that has no more tokens than an input may have, whatever is in it.
  ///
  /// A token stands for one byte of UTF-8 or more, so that no text has more tokens than bytes. Text
  /// of 1 byte a letter is kept whole up to 8,191 letters, Chinese up to 2,730, emojis up to 2,047.
  ///
  /// Source: https://github.com/openai/tiktoken#what-is-bpe-anyway
  static func cut(_ text: String) -> String {
    let bytes = text.utf8
    guard bytes.count > Self.maxTokensPerInput else { return text }
    var end = bytes.index(bytes.startIndex, offsetBy: Self.maxTokensPerInput)
    while UTF8.isContinuation(bytes[end]) { end = bytes.index(before: end) }
    return String(text[..<end])
  }

  /// Cuts `texts` into few requests that keep the limits if every byte is a token, in order.
  ///
  /// - Parameters:
  ///   - texts: None of them blank.
  ///   - maxInputs: Of one request.
  /// - Returns: The places of each request's texts; none without texts.
  package static func batches(of texts: [String], maxInputs: Int) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var start = 0
    var tokens = 0
    for (index, text) in texts.enumerated() {
      let more = text.utf8.count
      if index > start, index - start >= maxInputs || tokens + more > Self.maxTokens {
        batches.append(start..<index)
        (start, tokens) = (index, 0)
      }
      tokens += more
    }
    if start < texts.count { batches.append(start..<texts.count) }
    return batches
  }

  private struct RequestBody: Encodable {
    var input: [String]
    var model: String
    var dimensions: Int?
    var encoding_format = "base64"
  }

  private struct ResponseBody: Decodable {
    var data: [Item]
    var usage: Usage?

    struct Item: Decodable {
      var index: Int
      var embedding: PackedVector
    }

    struct Usage: Decodable {
      var prompt_tokens: Int?
    }
  }
}

/// A vector as base64 of little-endian float32, or as numbers where a server ignores the wish.
private struct PackedVector: Decodable {
  let values: [Float]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let text = try? container.decode(String.self) else {
      self.values = try container.decode([Float].self)
      return
    }
    guard let data = Data(base64Encoded: text), data.count % 4 == 0 else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no float32 array")
    }
    self.values = data.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map {
        Float(
          bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
        )
      }
    }
  }
}
