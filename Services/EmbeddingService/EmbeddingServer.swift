import Caching
import Contracts
import FoundationEssentials
import Providers
import RPC
import SwiftProtobuf

/// Answers the methods of the embedding service.
struct EmbeddingServer: Sendable {
  /// A vector of length 1, or none where the model knows no part of the text.
  private typealias Vector = [Float]?

  private let chain: EmbeddingChain
  private let vectors: LRUCache<TextDigest, Vector>

  /// Makes a server without any vector kept.
  ///
  /// - Parameters:
  ///   - chain: Who embeds, all of them into one space.
  ///   - maxVectorsKept: How many vectors are kept, 1 or more; 4,096 of 1,536 numbers take 25 MB.
  ///   - lifetime: How long a vector is kept.
  init(
    chain: EmbeddingChain,
    maxVectorsKept: Int = 4096,
    lifetime: Duration = .seconds(24 * 3600)
  ) {
    self.chain = chain
    self.vectors = LRUCache(named: "vectors", capacity: maxVectorsKept, lifetime: lifetime)
  }

  /// Embeds texts in the order given; equal ones, and those embedded before, cost nothing.
  ///
  /// - Throws: `RPCError`.
  func embed(
    _ request: Netflixgpt_Embedding_V1_EmbedRequest,
    until deadline: ContinuousClock.Instant
  ) async throws -> Netflixgpt_Embedding_V1_EmbedResponse {
    if case .UNRECOGNIZED(let number) = request.encoding {
      let description = "must be VECTOR_ENCODING_FLOAT or VECTOR_ENCODING_PACKED, is \(number)"
      throw RPCError.invalid(field: "encoding", description, reason: "UNKNOWN_VALUE")
    }
    guard request.texts.count > Self.maxTextsOnEventLoop else {
      return try await self.answer(request, until: deadline)
    }
    return try await withTaskExecutorPreference(globalConcurrentExecutor) {
      try await self.answer(request, until: deadline)
    }
  }

  /// Tells the space of the vectors, asking the provider for one vector if that is the only way.
  ///
  /// - Throws: `RPCError`.
  func embeddingSpace(
    until deadline: ContinuousClock.Instant
  ) async throws -> Netflixgpt_Embedding_V1_GetEmbeddingSpaceResponse {
    if self.chain.space == nil { _ = try await self.fetch(["joy"], until: deadline) }
    let space = try self.space()
    return .with { $0.space = space }
  }

  /// More of them take longer than an event loop should be kept from others.
  private static let maxTextsOnEventLoop = 4

  private func answer(
    _ request: Netflixgpt_Embedding_V1_EmbedRequest,
    until deadline: ContinuousClock.Instant
  ) async throws -> Netflixgpt_Embedding_V1_EmbedResponse {
    let batch = try TextBatch(request.texts)
    let keys = batch.distinct.map { TextDigest($0) }
    var vectors = keys.map { self.vectors.value(for: $0) }
    let missing = vectors.indices.filter { vectors[$0] == nil }
    var fetched: Answer<[Vector]>?
    if !missing.isEmpty {
      let answer = try await self.fetch(missing.map { batch.distinct[$0] }, until: deadline)
      for (index, vector) in zip(missing, answer.value) {
        vectors[index] = .some(vector)
        self.vectors.insert(vector, for: keys[index])
      }
      fetched = answer
    }
    let space = try self.space()
    let (provider, model) = fetched.map { ($0.provider, $0.model) } ?? self.chain.preferred
    return .with {
      $0.embeddings = batch.places.map {
        Self.embedding(of: vectors[$0] ?? nil, isPacked: request.encoding == .packed)
      }
      $0.space = space
      $0.usage = .with {
        $0.stage = "embed"
        $0.provider = provider
        $0.model = model
        $0.inputTokens = Int32(clamping: fetched?.inputTokens ?? 0)
        $0.outputTokens = 0
        $0.cached = fetched == nil
        if let usd = fetched.map(\.usd) ?? 0 { $0.usd = usd }
      }
      $0.degraded = (fetched?.degradations ?? []).map { degradation in
        .with {
          $0.stage = "embed"
          $0.from = degradation.from
          $0.to = degradation.to
          $0.reason = degradation.reason
        }
      }
    }
  }

  private func fetch(
    _ texts: [String],
    until deadline: ContinuousClock.Instant
  ) async throws(RPCError) -> Answer<[Vector]> {
    do {
      return try await self.chain.embeddings(of: texts, until: deadline)
    } catch {
      throw RPCError(error)
    }
  }

  private func space() throws(RPCError) -> Netflixgpt_Embedding_V1_EmbeddingSpace {
    guard let space = self.chain.space else { throw RPCError(.malformedReply) }
    return .init(space)
  }

  private static func embedding(
    of vector: Vector,
    isPacked: Bool
  ) -> Netflixgpt_Embedding_V1_Embedding {
    .with {
      $0.unknown = vector == nil
      guard let vector else { return }
      if isPacked {
        let words = vector.map(\.bitPattern.littleEndian)
        $0.packed = words.withUnsafeBytes { Data($0) }
      } else {
        $0.values = vector
      }
    }
  }
}
