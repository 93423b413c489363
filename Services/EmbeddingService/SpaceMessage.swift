import Contracts
import Providers
import SwiftProtobuf

extension Netflixgpt_Embedding_V1_EmbeddingSpace {
  /// The space as callers see it.
  init(_ space: EmbeddingSpace) {
    self = .with {
      $0.provider = space.provider
      $0.model = space.model
      $0.dimensions = Int32(clamping: space.dimensions)
      $0.normalized = true
      $0.version = space.version
      $0.fingerprint = space.fingerprint
    }
  }
}
