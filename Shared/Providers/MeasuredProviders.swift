/// A reader of emotions whose calls are counted and traced.
package struct MeasuredEmotionProvider: EmotionProvider {
  private let provider: any EmotionProvider
  private let extract: ModelCallMetrics
  private let annotate: ModelCallMetrics

  package init(_ provider: any EmotionProvider) {
    func metrics(_ stage: String) -> ModelCallMetrics {
      ModelCallMetrics(
        stage: stage,
        operation: "chat",
        provider: provider.name,
        model: provider.model
      )
    }
    self.provider = provider
    self.extract = metrics("extract")
    self.annotate = metrics("annotate")
  }

  package var name: String { self.provider.name }
  package var model: String { self.provider.model }
  package var maxTitlesPerCall: Int { self.provider.maxTitlesPerCall }

  package func emotions(
    inMood mood: String,
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> MoodAnswer {
    try await self.extract.measured({ ($0.inputTokens, $0.outputTokens) }) {
      () throws(ProviderError) in
      try await self.provider.emotions(inMood: mood, deadline: deadline)
    }
  }

  package func annotations(
    of titles: [TitleText],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> TitlesAnswer {
    try await self.annotate.measured({ ($0.inputTokens, $0.outputTokens) }) {
      () throws(ProviderError) in
      try await self.provider.annotations(of: titles, deadline: deadline)
    }
  }
}

/// An embedder whose calls are counted and traced.
package struct MeasuredEmbeddingProvider: EmbeddingProvider {
  private let provider: any EmbeddingProvider
  private let embed: ModelCallMetrics

  package init(_ provider: any EmbeddingProvider) {
    self.provider = provider
    self.embed = ModelCallMetrics(
      stage: "embed",
      operation: "embeddings",
      provider: provider.name,
      model: provider.model
    )
  }

  package var name: String { self.provider.name }
  package var model: String { self.provider.model }
  package var version: String { self.provider.version }
  package var dimensions: Int? { self.provider.dimensions }
  package var maxBatch: Int { self.provider.maxBatch }

  package func embeddings(
    of texts: [String],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> VectorsAnswer {
    try await self.embed.measured({ ($0.inputTokens, 0) }) { () throws(ProviderError) in
      try await self.provider.embeddings(of: texts, deadline: deadline)
    }
  }
}
