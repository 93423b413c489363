import Caching
import Contracts
import RPC
import SwiftProtobuf
import Synchronization

/// The embedding service as the gateway uses it: texts embedded before are not sent again.
final class EmbeddingBackend: Sendable {
  private let client: RPCClient
  private let models = ModelsBehind()
  private let vectors: LRUCache<TextDigest, Entry>
  /// Of the latest answer.
  private let latest = Mutex<Latest?>(nil)

  /// A text's vector, or none where the model knows no part of the text.
  private struct Entry: Sendable {
    let space: String
    let vector: [Float]?
  }

  /// The space that the service's vectors live in, and who made the latest ones.
  private struct Latest: Sendable {
    let space: String
    let usage: Netflixgpt_Answer_V1_Usage
  }

  /// Vectors of one space.
  struct Answer: Sendable {
    /// The space's fingerprint.
    var space: String
    /// Unit vectors; texts that the model does not know are missing.
    var vectors: [String: [Float]]
    var usage: Netflixgpt_Answer_V1_Usage
  }

  init(_ client: RPCClient, cacheEntries: Int, cacheFor lifetime: Duration) {
    self.client = client
    self.vectors = LRUCache(named: "vectors", capacity: cacheEntries, lifetime: lifetime)
  }

  /// The fingerprint of the space that the service's vectors live in now.
  func currentSpace() async throws -> String {
    let answer = try await self.client.call(EmbeddingMethods.getEmbeddingSpace, .init())
    let space = answer.space.fingerprint
    // What was kept of another space is of no use any more.
    self.latest.withLock { if $0?.space != space { $0 = nil } }
    return space
  }

  /// The vectors of `texts`, by one call for those not embedded before.
  ///
  /// - Throws: `unavailable` while the service answers now in one space and now in another.
  func vectors(of texts: [String], timeout: Duration? = nil) async throws -> Answer {
    for _ in 0..<2 {
      let latest = self.latest.withLock { $0 }
      let (kept, missing) = self.kept(texts, in: latest?.space)
      if missing.isEmpty, let latest {
        var usage = latest.usage
        usage.markCached()
        return Answer(space: latest.space, vectors: kept, usage: usage)
      }
      var answer = try await self.embed(missing, timeout: timeout)
      // Otherwise the service changed its model: what was kept is of another space.
      if answer.space == latest?.space || kept.isEmpty {
        answer.vectors.merge(kept) { new, _ in new }
        return answer
      }
    }
    throw RPCError(
      .unavailable,
      "the embedding service is changing its model",
      details: [.errorInfo(reason: "EMBEDDING_SPACE_CHANGING"), .retryInfo(after: .seconds(5))]
    )
  }

  private func kept(
    _ texts: [String],
    in space: String?
  ) -> (vectors: [String: [Float]], missing: [String]) {
    var kept: [String: [Float]] = [:]
    var missing: [String] = []
    for text in Set(texts).sorted() {
      if let entry = self.vectors.value(for: TextDigest(text)), entry.space == space {
        kept[text] = entry.vector
      } else {
        missing.append(text)
      }
    }
    return (kept, missing)
  }

  private func embed(_ texts: [String], timeout: Duration?) async throws -> Answer {
    let request = Netflixgpt_Embedding_V1_EmbedRequest.with {
      $0.texts = texts
      $0.encoding = .packed
    }
    let response = try await withoutTurn(if: self.models.areElsewhere) {
      try await self.client.calling(EmbeddingMethods.embed, request, timeout: timeout)
    }
    self.models.learn(from: response.usage, response.degraded)
    let space = response.space.fingerprint
    guard response.embeddings.count == texts.count, !space.isEmpty else { throw Self.malformed }
    self.latest.withLock { $0 = Latest(space: space, usage: response.usage) }
    var vectors: [String: [Float]] = [:]
    for (text, embedding) in zip(texts, response.embeddings) {
      var vector: [Float]?
      if !embedding.unknown {
        guard let unpacked = [Float](packed: embedding.packed),
          unpacked.count == Int(response.space.dimensions)
        else { throw Self.malformed }
        vector = unpacked
      }
      vectors[text] = vector
      self.vectors.insert(Entry(space: space, vector: vector), for: TextDigest(text))
    }
    return Answer(space: space, vectors: vectors, usage: response.usage)
  }

  private static let malformed = RPCError(
    .internal,
    "the embedding service's answer does not fit the request",
    details: [.errorInfo(reason: "MALFORMED_EMBEDDINGS")]
  )
}

extension [Float] {
  /// Reads little-endian float32 bytes; `nil` where they are not whole or not finite.
  init?(packed bytes: some RandomAccessCollection<UInt8>) {
    guard bytes.count.isMultiple(of: 4) else { return nil }
    var numbers: [Float] = []
    numbers.reserveCapacity(bytes.count / 4)
    var bits: UInt32 = 0
    for (offset, byte) in bytes.enumerated() {
      bits |= UInt32(byte) << (8 * UInt32(offset & 3))
      if offset & 3 == 3 {
        numbers.append(Float(bitPattern: bits))
        bits = 0
      }
    }
    guard numbers.allSatisfy(\.isFinite) else { return nil }
    self = numbers
  }
}
