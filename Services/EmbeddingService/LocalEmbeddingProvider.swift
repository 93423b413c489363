import LocalModels
import Providers

/// Vectors by the embedded model: no network, no cost, always there.
struct LocalEmbeddingProvider: EmbeddingProvider {
  let name = "local"
  let model = "static"
  let maxBatch = 256
  private let embeddingModel: EmbeddingModel

  init(_ embeddingModel: EmbeddingModel) {
    self.embeddingModel = embeddingModel
  }

  var version: String { self.embeddingModel.version }
  var dimensions: Int? { self.embeddingModel.dimensions }

  func embeddings(
    of texts: [String],
    deadline: ContinuousClock.Instant
  ) async throws(ProviderError) -> VectorsAnswer {
    var vectors: [[Float]?] = []
    vectors.reserveCapacity(texts.count)
    for text in texts {
      if Task.isCancelled { throw .cancelled }
      guard ContinuousClock.now < deadline else { throw .timedOut }
      vectors.append(self.embeddingModel.embedding(of: text)?.normalized)
    }
    return VectorsAnswer(vectors: vectors, usd: 0)
  }
}
