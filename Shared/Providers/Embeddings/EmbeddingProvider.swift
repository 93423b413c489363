/// Whoever turns texts into vectors: a vendor's API or the embedded model.
package protocol EmbeddingProvider: Sendable {
  /// As configured, such as "openai".
  var name: String { get }
  var model: String { get }
  /// Of the model, where its name doesn't say it.
  var version: String { get }
  /// The length of every vector; `nil` as long as no answer has told it.
  var dimensions: Int? { get }
  /// How many texts one call takes.
  var maxBatch: Int { get }

  /// Embeds 1...`maxBatch` texts, none of them blank.
  ///
  /// - Returns: A vector for each text, in order.
  func embeddings(
    of texts: [String],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> VectorsAnswer
}

/// The vectors of one call.
package struct VectorsAnswer: Sendable, Hashable {
  /// Each of length 1, or `nil` where the model knows no part of the text.
  package var vectors: [[Float]?]
  /// As the provider counted them; 0 for local models.
  package var inputTokens: Int
  /// What the vectors cost, `nil` where that is not known.
  package var usd: Double?

  package init(vectors: [[Float]?], inputTokens: Int = 0, usd: Double? = nil) {
    self.vectors = vectors
    self.inputTokens = inputTokens
    self.usd = usd
  }
}

extension [Float] {
  /// This vector with length 1, or `nil` when it has no direction.
  package var normalized: [Float]? {
    let square = self.reduce(0.0) { $0 + Double($1) * Double($1) }
    guard square.isFinite, square > 0 else { return nil }
    let length = square.squareRoot()
    return self.map { Float(Double($0) / length) }
  }
}
