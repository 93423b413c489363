import Contracts
import Caching
import RPC
import SwiftProtobuf
import Synchronization

/// The embedding service as the gateway uses it: texts embedded before are not sent again.
final class EmbeddingBackend: Sendable {
  private let client: RPCClient
  private let vectors: LRUCache<String, Entry>
  private let space = Mutex<String?>(nil)

  /// A text's vector, or none where the model knows no part of the text.
  private struct Entry: Sendable {
    let space: String
    let vector: [Float]?
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
    self.vectors = LRUCache(capacity: cacheEntries, lifetime: lifetime)
  }

  /// The fingerprint of the space that the service's vectors live in now.
  func currentSpace() async throws -> String {
    try await self.client.call(EmbeddingMethods.getEmbeddingSpace, .init()).space.fingerprint
  }

  /// The vectors of `texts`, by one call for those not embedded before.
  func vectors(of texts: [String], timeout: Duration? = nil) async throws -> Answer {
    let known = self.space.withLock { $0 }
    var found: [String: [Float]] = [:]
    var missing: [String] = []
    for text in Set(texts).sorted() {
      if let entry = self.vectors.value(for: text), entry.space == known {
        found[text] = entry.vector
      } else {
        missing.append(text)
      }
    }
    guard !missing.isEmpty, var answer = try await self.embed(missing, timeout: timeout) else {
      return Answer(
        space: known ?? "",
        vectors: found,
        usage: .with {
          $0.stage = "embed"
          $0.markCached()
        }
      )
    }
    guard answer.space == known || found.isEmpty else {
      // The service changed its model between then and now: what was kept is of another space.
      return try await self.vectors(of: texts, timeout: timeout)
    }
    answer.vectors.merge(found) { new, _ in new }
    return answer
  }

  private func embed(_ texts: [String], timeout: Duration?) async throws -> Answer? {
    let request = Netflixgpt_Embedding_V1_EmbedRequest.with {
      $0.texts = texts
      $0.encoding = .packed
    }
    let response = try await self.client.call(EmbeddingMethods.embed, request, timeout: timeout)
    let space = response.space.fingerprint
    guard response.embeddings.count == texts.count, !space.isEmpty else { throw Self.malformed }
    var vectors: [String: [Float]] = [:]
    self.space.withLock { $0 = space }
    for (text, embedding) in zip(texts, response.embeddings) {
      var vector: [Float]?
      if !embedding.unknown {
        guard let unpacked = [Float](packed: embedding.packed),
          unpacked.count == Int(response.space.dimensions)
        else { throw Self.malformed }
        vector = unpacked
      }
      vectors[text] = vector
      self.vectors.insert(Entry(space: space, vector: vector), for: text)
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
