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

  private let provider: any EmbeddingProvider
  private let gate: ProviderGate
  private let vectors: LRUCache<TextDigest, Vector>

  /// Makes a server without any vector kept.
  ///
  /// - Parameters:
  ///   - provider: Who embeds; there is no second one, for its vectors would live in another space.
  ///   - policy: How patient to be with it.
  ///   - maxVectorsKept: How many vectors are kept, 1 or more; 4,096 of 1,536 numbers take 25 MB.
  ///   - lifetime: How long a vector is kept.
  init(
    provider: any EmbeddingProvider,
    policy: RetryPolicy = RetryPolicy(),
    maxVectorsKept: Int = 4096,
    lifetime: Duration = .seconds(24 * 3600)
  ) {
    self.provider = provider
    self.gate = ProviderGate(policy: policy)
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
    if self.provider.dimensions == nil {
      _ = try await self.fetch(["joy"], until: deadline)
    }
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
    var inputTokens = 0
    if !missing.isEmpty {
      let fetched = try await self.fetch(missing.map { batch.distinct[$0] }, until: deadline)
      inputTokens = fetched.inputTokens
      for (index, vector) in zip(missing, fetched.vectors) {
        vectors[index] = .some(vector)
        self.vectors.insert(vector, for: keys[index])
      }
    }
    let space = try self.space()
    return .with {
      $0.embeddings = batch.places.map {
        Self.embedding(of: vectors[$0] ?? nil, isPacked: request.encoding == .packed)
      }
      $0.space = space
      $0.usage = .with {
        $0.stage = "embed"
        $0.provider = self.provider.name
        $0.model = self.provider.model
        $0.inputTokens = Int32(clamping: inputTokens)
        $0.outputTokens = 0
        $0.cached = missing.isEmpty
      }
    }
  }

  /// Asks the provider, in as many calls as it needs.
  private func fetch(
    _ texts: [String],
    until deadline: ContinuousClock.Instant
  ) async throws(RPCError) -> (vectors: [Vector], inputTokens: Int) {
    var vectors: [Vector] = []
    var inputTokens = 0
    do {
      while vectors.count < texts.count {
        let part = Array(texts[vectors.count...].prefix(max(1, self.provider.maxBatch)))
        let answer = try await self.gate.call(until: deadline, maxWait: .seconds(120)) {
          deadline throws(ProviderError) in
          try await self.provider.embeddings(of: part, deadline: deadline)
        }
        try self.check(answer.vectors, count: part.count)
        vectors += answer.vectors
        inputTokens += answer.inputTokens
      }
    } catch {
      throw RPCError(error)
    }
    return (vectors, inputTokens)
  }

  /// Throws unless there are `count` vectors of the space's dimensions and of length 1.
  private func check(_ vectors: [Vector], count: Int) throws(ProviderError) {
    guard vectors.count == count else { throw .malformedReply }
    for case .some(let vector) in vectors {
      let square = vector.reduce(0) { $0 + $1 * $1 }
      guard vector.count == self.provider.dimensions, abs(square - 1) < 0.001 else {
        throw .malformedReply
      }
    }
  }

  private func space() throws(RPCError) -> Netflixgpt_Embedding_V1_EmbeddingSpace {
    guard let dimensions = self.provider.dimensions else { throw RPCError(.malformedReply) }
    return .init(of: self.provider, dimensions: dimensions)
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
