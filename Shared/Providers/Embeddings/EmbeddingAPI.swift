package import HTTPMessage

/// One vendor's embeddings API, as two pure functions and the limits of a request.
package protocol EmbeddingAPI: Sendable {
  var model: String { get }
  var limits: EmbeddingLimits { get }
  /// What the model's vectors are known to have, `nil` until an answer tells.
  var expectedDimensions: Int? { get }
  /// What tells the vectors from those of the same model asked in another way or another place.
  var version: String { get }
  var modelsRequest: HTTPRequest? { get }

  /// The request for the vectors of `texts`; the same texts give the same bytes.
  func request(for texts: [String]) -> HTTPRequest

  /// Reads the vectors that answer a request.
  ///
  /// - Parameters:
  ///   - response: Of the vendor, whatever its status.
  ///   - count: Of the texts.
  /// - Returns: The vectors in the order of the texts, as the vendor scaled them.
  /// - Throws: `ProviderError`.
  func reply(from response: HTTPResponse, count: Int) throws(ProviderError) -> VectorReply
}

/// Vectors and what they cost.
package struct VectorReply: Sendable, Hashable {
  package var vectors: [[Float]]
  /// `nil` where the vendor counted nothing.
  package var use: TokenUse?

  init(vectors: [[Float]], inputTokens: Int?) {
    self.init(vectors: vectors, use: inputTokens.map { TokenUse(input: $0, output: 0) })
  }

  private init(vectors: [[Float]], use: TokenUse?) {
    self.vectors = vectors
    self.use = use
  }

  package var inputTokens: Int { self.use?.input ?? 0 }

  /// These vectors with length 1.
  ///
  /// - Parameters:
  ///   - count: Of the texts.
  ///   - dimensions: Of each vector, `nil` for those of the first one.
  /// - Returns: The same vectors, scaled.
  /// - Throws: `malformedReply` unless there is one vector for each text, all of the same length
  ///   and none without a direction.
  func normalized(count: Int, dimensions: Int?) throws(ProviderError) -> VectorReply {
    let normalized = self.vectors.compactMap(\.normalized)
    let length = dimensions ?? normalized.first?.count
    guard self.vectors.count == count, normalized.count == count,
      normalized.allSatisfy({ $0.count == length })
    else { throw .malformedReply }
    return VectorReply(vectors: normalized, use: self.use)
  }
}

/// What one request may carry.
package struct EmbeddingLimits: Sendable, Hashable {
  package var inputs: Int
  /// UTF-8 of one text, longer ones are cut; `nil` where the vendor cuts by itself.
  package var bytesPerInput: Int?
  /// UTF-8 of all texts of a request.
  package var bytesPerRequest: Int

  package init(inputs: Int, bytesPerInput: Int? = nil, bytesPerRequest: Int = 300_000) {
    self.inputs = inputs
    self.bytesPerInput = bytesPerInput
    self.bytesPerRequest = bytesPerRequest
  }

  /// The beginning of `text` that has no more tokens than an input may have, whatever is in it.
  ///
  /// A token stands for one byte of UTF-8 or more, so that no text has more tokens than bytes. Text
  /// of 1 byte a letter is kept whole up to 8,191 letters, Chinese up to 2,730, emojis up to 2,047,
  /// where the vendor takes 8,191 tokens.
  ///
  /// Source: https://github.com/openai/tiktoken#what-is-bpe-anyway
  package func cut(_ text: String) -> String {
    let bytes = text.utf8
    guard let limit = self.bytesPerInput, bytes.count > limit else { return text }
    var end = bytes.index(bytes.startIndex, offsetBy: limit)
    while UTF8.isContinuation(bytes[end]) { end = bytes.index(before: end) }
    return String(text[..<end])
  }

  /// Cuts `texts` into few requests that keep the limits if every byte is a token, in order.
  ///
  /// - Parameters:
  ///   - texts: None of them blank.
  ///   - maxInputs: Of one request.
  /// - Returns: The places of each request's texts; none without texts.
  package func batches(of texts: [String], maxInputs: Int) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var start = 0
    var size = 0
    for (index, text) in texts.enumerated() {
      let more = text.utf8.count
      if index > start, index - start >= maxInputs || size + more > self.bytesPerRequest {
        batches.append(start..<index)
        (start, size) = (index, 0)
      }
      size += more
    }
    if start < texts.count { batches.append(start..<texts.count) }
    return batches
  }
}
