package import HTTPMessage
import Synchronization

/// Vectors by a vendor's model: batches, lengths and dimensions are looked after here, once for
/// every vendor.
package final class VectorModelProvider: EmbeddingProvider {
  package let name: String
  private let api: any EmbeddingAPI
  private let handler: HTTPHandler
  private let learntDimensions: Mutex<Int?>

  /// - Parameters:
  ///   - name: As configured.
  ///   - api: The vendor's translation.
  ///   - handler: Sends requests to the outside world.
  package init(name: String, api: any EmbeddingAPI, handler: @escaping HTTPHandler) {
    self.name = name
    self.api = api
    self.handler = handler
    self.learntDimensions = Mutex(api.expectedDimensions)
  }

  package var model: String { self.api.model }
  package var version: String { self.api.version }
  package var dimensions: Int? { self.learntDimensions.withLock { $0 } }

  /// As many as the vendor allows, and no more than make a reply of 24 MiB in base64.
  package var maxBatch: Int {
    let bytesPerVector = (self.dimensions ?? 4096) * 16 / 3
    return max(1, min(self.api.limits.inputs, (24 << 20) / max(1, bytesPerVector)))
  }

  package func embeddings(
    of texts: [String],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> (vectors: [[Float]?], inputTokens: Int) {
    let limits = self.api.limits
    let texts = texts.map(limits.cut)
    var vectors: [[Float]?] = []
    var inputTokens = 0
    for range in limits.batches(of: texts, maxInputs: self.maxBatch) {
      let request = self.api.request(for: Array(texts[range]))
      let response = try await ProviderError.exchange(request, over: self.handler, until: deadline)
      let reply = try self.api.reply(from: response, count: range.count)
        .normalized(count: range.count, dimensions: self.dimensions)
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

extension VectorModelProvider: Inspectable {
  package var probe: HTTPRequest { self.api.request(for: ["joy"]) }
  package var modelsRequest: HTTPRequest? { self.api.modelsRequest }
  package var remark: String { "" }
}
