import Contracts
import Providers
import SwiftProtobuf

extension Netflixgpt_Embedding_V1_EmbeddingSpace {
  /// The space that a provider's vectors live in.
  ///
  /// - Parameters:
  ///   - provider: Whose vectors all have length 1.
  ///   - dimensions: Of each of them.
  init(of provider: any EmbeddingProvider, dimensions: Int) {
    self = .with {
      $0.provider = provider.name
      $0.model = provider.model
      $0.dimensions = Int32(clamping: dimensions)
      $0.normalized = true
      $0.version = provider.version
      $0.fingerprint = [
        provider.name, provider.model, "\(dimensions)", "normalized", provider.version,
      ].joined(separator: "/")
    }
  }
}
