import Synchronization

/// Providers of one embedding space, best first: the first that can embeds.
///
/// A provider of another space is never asked: its vectors would be compared with what they can't
/// be compared with. Who says that several serve the same model is taken at their word, and watched:
/// with the first answer each also embeds one known word, and a provider that embeds it otherwise
/// than the first that answered is left alone.
package final class EmbeddingChain: Sendable {
  /// Why providers can't stand in for each other.
  package struct DifferentSpaces: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  private struct Link: Sendable {
    let provider: any EmbeddingProvider
    let gate: ProviderGate
    let metrics: ProviderMetrics
  }

  private static let knownWord = "joy"
  /// Of the known word, between two servers of one model: they round differently.
  private static let minSimilarity: Float = 0.98

  private let first: any EmbeddingProvider
  private let links: [Link]
  private let sharedSpace: String?
  /// The known word's vector, and the providers that have embedded it alike.
  private let anchor = Mutex<(vector: [Float]?, checked: Set<String>)>((nil, []))

  /// Makes a chain whose providers are all well.
  ///
  /// - Parameters:
  ///   - first: Who embeds as long as it can.
  ///   - others: Who stands in for it, in order.
  ///   - sharedSpace: A name for the model that all of them serve, under whatever names of theirs.
  ///   - policy: For each of them.
  /// - Throws: `DifferentSpaces` where they have different ones and none is said to be shared.
  package init(
    _ first: any EmbeddingProvider,
    _ others: [any EmbeddingProvider] = [],
    sharedSpace: String? = nil,
    policy: RetryPolicy = RetryPolicy()
  ) throws(DifferentSpaces) {
    for other in others where sharedSpace == nil {
      guard other.name == first.name, other.model == first.model, other.version == first.version
      else {
        throw DifferentSpaces(
          description: """
            \(first.name)/\(first.model) and \(other.name)/\(other.model) may be different models, \
            whose vectors can't be compared; if they are the same one, name it in EMBEDDING_SPACE
            """
        )
      }
    }
    self.first = first
    self.sharedSpace = sharedSpace
    self.links = ([first] + others).map {
      Link(
        provider: $0,
        gate: ProviderGate(policy: policy),
        metrics: ProviderMetrics(stage: "embed", provider: $0.name, model: $0.model)
      )
    }
  }

  /// Who embeds as long as it can.
  package var preferred: (provider: String, model: String) { (self.first.name, self.first.model) }

  package var providers: [any EmbeddingProvider] { self.links.map(\.provider) }

  /// The space of every answer; `nil` as long as no answer has told its dimensions.
  package var space: EmbeddingSpace? {
    let known = self.anchor.withLock { $0.vector?.count }
    guard let dimensions = known ?? self.links.lazy.compactMap(\.provider.dimensions).first else {
      return nil
    }
    if let name = self.sharedSpace {
      return EmbeddingSpace(provider: "shared", model: name, dimensions: dimensions, version: "1")
    }
    return EmbeddingSpace(
      provider: self.first.name,
      model: self.first.model,
      dimensions: dimensions,
      version: self.first.version
    )
  }

  /// Embeds texts, none of them blank, in as many calls as it takes.
  ///
  /// - Returns: A vector of length 1 for each text, in order, or `nil` where the model knows no part
  ///   of the text.
  /// - Throws: The first provider's error when all fail, `timedOut` when the deadline passes.
  package func embeddings(
    of texts: [String],
    until deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> Answer<[[Float]?]> {
    var failures: [Failure] = []
    for (index, link) in self.links.enumerated() {
      let share = Share(of: deadline, isLast: index == self.links.count - 1)
      do {
        let found = try await self.embed(texts, by: link, within: share)
        for failure in failures { link.metrics.countFallback(from: failure) }
        return Answer(
          value: found.vectors,
          provider: link.provider.name,
          model: link.provider.model,
          inputTokens: found.inputTokens,
          outputTokens: 0,
          usd: found.usd,
          degradations: failures.map { $0.degradation(to: link.provider.name) }
        )
      } catch {
        failures.append(Failure(provider: link.provider.name, error: error))
        try error.checkTime(deadline)
      }
    }
    throw failures.first?.error ?? .unreachable
  }

  private func embed(
    _ texts: [String],
    by link: Link,
    within share: Share
  ) async throws(ProviderError) -> VectorsAnswer {
    var found = VectorsAnswer(vectors: [], usd: 0)
    while found.vectors.count < texts.count {
      let isKnown = self.links.count < 2 || self.isChecked(link.provider.name)
      let room = max(1, link.provider.maxBatch - (isKnown ? 0 : 1))
      let part = Array(texts[found.vectors.count...].prefix(room))
      let answer = try await link.gate.call(
        until: share.deadline,
        maxWait: share.maxWait,
        metrics: link.metrics
      ) { deadline throws(ProviderError) in
        let asked = isKnown ? part : part + [Self.knownWord]
        let answer = try await link.provider.embeddings(of: asked, deadline: deadline)
        try self.check(answer.vectors, count: asked.count, of: link.provider)
        if !isKnown { try self.compare(answer.vectors.last ?? nil, of: link.provider.name) }
        return answer
      }
      found.vectors += answer.vectors.prefix(part.count)
      found.inputTokens += answer.inputTokens
      found.usd = found.usd.flatMap { sum in answer.usd.map { sum + $0 } }
    }
    return found
  }

  /// Throws unless there are `count` vectors of the space's dimensions and of length 1.
  private func check(
    _ vectors: [[Float]?],
    count: Int,
    of provider: any EmbeddingProvider
  ) throws(ProviderError) {
    guard vectors.count == count else { throw .malformedReply }
    for case .some(let vector) in vectors {
      let square = vector.reduce(0) { $0 + $1 * $1 }
      guard abs(square - 1) < 0.001, vector.count == provider.dimensions else {
        throw .malformedReply
      }
    }
    if provider.dimensions != nil, provider.dimensions != self.space?.dimensions {
      throw .otherSpace
    }
  }

  private func isChecked(_ provider: String) -> Bool {
    self.anchor.withLock { $0.checked.contains(provider) }
  }

  /// Throws unless `vector`, of the known word, is where the first provider's is.
  private func compare(_ vector: [Float]?, of provider: String) throws(ProviderError) {
    guard let vector else { throw .otherSpace }
    let isAlike = self.anchor.withLock { anchor in
      let known = anchor.vector ?? vector
      guard known.count == vector.count,
        zip(known, vector).reduce(0, { $0 + $1.0 * $1.1 }) >= Self.minSimilarity
      else { return false }
      anchor.vector = known
      anchor.checked.insert(provider)
      return true
    }
    if !isAlike { throw .otherSpace }
  }
}
