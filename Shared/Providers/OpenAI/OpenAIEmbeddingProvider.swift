package import HTTPMessage
import Synchronization

/// Vectors by a model behind OpenAI's embeddings API.
package final class OpenAIEmbeddingProvider: EmbeddingProvider {
  package let name = "openai"
  private let embeddings: OpenAIEmbeddings
  private let handler: HTTPHandler
  private let learntDimensions: Mutex<Int?>

  package init(embeddings: OpenAIEmbeddings, handler: @escaping HTTPHandler) {
    self.embeddings = embeddings
    self.handler = handler
    self.learntDimensions = Mutex(embeddings.expectedDimensions)
  }

  package var model: String { self.embeddings.model }
  /// A vendor's model doesn't change under its name, but another server may have its own under it.
  package var version: String { self.embeddings.endpoint.place.map { "1@\($0)" } ?? "1" }
  package var dimensions: Int? { self.learntDimensions.withLock { $0 } }

  /// As many as the vendor allows, and no more than make a reply of 24 MiB in base64.
  package var maxBatch: Int {
    let bytesPerVector = (self.dimensions ?? 4096) * 16 / 3
    return max(1, min(OpenAIEmbeddings.maxInputs, (24 << 20) / max(1, bytesPerVector)))
  }

  package func embeddings(
    of texts: [String],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> (vectors: [[Float]?], inputTokens: Int) {
    let texts = texts.map(OpenAIEmbeddings.cut)
    var vectors: [[Float]?] = []
    var inputTokens = 0
    for range in OpenAIEmbeddings.batches(of: texts, maxInputs: self.maxBatch) {
      let request = self.embeddings.request(for: Array(texts[range]))
      let response = try await ProviderError.exchange(request, over: self.handler, until: deadline)
      let reply = try self.embeddings.reply(from: response, count: range.count)
      try self.learn(reply.vectors.first?.count)
      vectors += reply.vectors
      inputTokens += reply.inputTokens
    }
    return (vectors, inputTokens)
  }

  /// Keeps the first length seen: a model that changes it would mix two spaces.
  private func learn(_ count: Int?) throws(ProviderError) {
    let isSame = self.learntDimensions.withLock { known in
      known = known ?? count
      return known == count
    }
    if !isSame { throw .malformedReply }
  }
}
