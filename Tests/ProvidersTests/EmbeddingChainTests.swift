import HTTPMessage
import Providers
import ScriptedServer
import Synchronization
import Testing

@Suite struct `A chain of one embedding space` {
  /// Answers with one vector whatever it is asked, or fails.
  private final class Fixed: EmbeddingProvider {
    let name: String
    let model = "m"
    let version = "1"
    let maxBatch = 8
    let dimensions: Int?
    private let vector: [Float]
    let failure: Mutex<ProviderError?>
    let asked = Mutex<[[String]]>([])

    init(_ name: String, _ vector: [Float], failure: ProviderError? = nil) {
      self.name = name
      self.vector = vector
      self.dimensions = vector.count
      self.failure = Mutex(failure)
    }

    func embeddings(
      of texts: [String],
      deadline: ContinuousClock.Instant
    ) async throws(ProviderError) -> VectorsAnswer {
      self.asked.withLock { $0.append(texts) }
      if let failure = self.failure.withLock({ $0 }) { throw failure }
      return VectorsAnswer(vectors: texts.map { _ in self.vector }, inputTokens: texts.count)
    }
  }

  private func chain(_ first: Fixed, _ second: Fixed) throws -> EmbeddingChain {
    try EmbeddingChain(
      first,
      [second],
      sharedSpace: "small",
      policy: `A chain of providers`.policy
    )
  }

  @Test func `different models are refused unless they are said to be one`() throws {
    let (first, second) = (Fixed("a", [1, 0]), Fixed("b", [1, 0]))
    #expect(throws: EmbeddingChain.DifferentSpaces.self) { try EmbeddingChain(first, [second]) }
    #expect(try self.chain(first, second).space?.fingerprint == "shared/small/2/normalized/1")
    #expect(try EmbeddingChain(first).space?.fingerprint == "a/m/2/normalized/1")
  }

  @Test func `the second answers where the first fails, and the answer says so`() async throws {
    let first = Fixed("a", [1, 0], failure: .outOfCredit)
    let chain = try self.chain(first, Fixed("b", [1, 0]))
    let answer = try await chain.embeddings(of: ["x"], until: .after(.seconds(5)))
    #expect(answer.value == [[1, 0]])
    #expect(answer.provider == "b")
    #expect(
      answer.degradations == [Degradation(from: "a", to: "b", reason: "OUT_OF_CREDIT")]
    )
  }

  @Test func `a known word is embedded once by each, and costs no answer`() async throws {
    let first = Fixed("a", [1, 0])
    let chain = try self.chain(first, Fixed("b", [1, 0]))
    for text in ["x", "y"] {
      let answer = try await chain.embeddings(of: [text], until: .after(.seconds(5)))
      #expect(answer.value.count == 1)
    }
    #expect(first.asked.withLock { $0 } == [["x", "joy"], ["y"]])
  }

  @Test(arguments: [[0, 1], [0.6, 0.8], [1, 0, 0]] as [[Float]])
  func `a provider whose vectors lie elsewhere is left alone`(vector: [Float]) async throws {
    let (first, second) = (Fixed("a", [1, 0]), Fixed("b", vector))
    let chain = try self.chain(first, second)
    _ = try await chain.embeddings(of: ["x"], until: .after(.seconds(5)))
    first.failure.withLock { $0 = .unauthenticated }
    for _ in 0..<3 {
      await #expect(throws: ProviderError.unauthenticated) {
        try await chain.embeddings(of: ["y"], until: .after(.seconds(5)))
      }
    }
    // It was tried once, and rests for minutes then.
    #expect(second.asked.withLock { $0.count } == 1)
    #expect(chain.space?.dimensions == 2)
  }
}
