package import HTTPMessage
import Synchronization

/// Vectors by a vendor's model: batches, lengths and dimensions are looked after here, once for
/// every vendor.
package final class VectorModelProvider: EmbeddingProvider {
  package let name: String
  private let api: any EmbeddingAPI
  private let account: ModelAccount
  private let handler: HTTPHandler
  private let learntDimensions: Mutex<Int?>

  /// - Parameters:
  ///   - name: As configured.
  ///   - api: The vendor's translation.
  ///   - billing: Where calls are booked.
  ///   - handler: Sends requests to the outside world.
  package init(
    name: String,
    api: any EmbeddingAPI,
    billing: Billing = Billing(),
    handler: @escaping HTTPHandler
  ) {
    self.name = name
    self.api = api
    self.account = billing.account(provider: name, model: api.model)
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
  ) async throws(ProviderError) -> VectorsAnswer {
    let limits = self.api.limits
    let texts = texts.map(limits.cut)
    var answer = VectorsAnswer(vectors: [], usd: 0)
    for range in limits.batches(of: texts, maxInputs: self.maxBatch) {
      let (reply, usd) = try await self.account.exchange(
        self.api.request(for: Array(texts[range])),
        maxOutputTokens: 0,
        over: self.handler,
        until: deadline,
        read: { response throws(ProviderError) in
          try self.api.reply(from: response, count: range.count)
            .normalized(count: range.count, dimensions: self.dimensions)
        },
        bill: { ModelAccount.Bill(use: $0.use) }
      )
      try self.learn(reply.vectors.first?.count)
      answer.vectors += reply.vectors
      answer.inputTokens += reply.inputTokens
      answer.usd = answer.usd.flatMap { sum in usd.map { sum + $0 } }
    }
    return answer
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
