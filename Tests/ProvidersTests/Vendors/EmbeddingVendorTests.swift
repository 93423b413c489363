import Foundation
import HTTPMessage
import Providers
import ScriptedServer
import Testing

/// Every vendor of embeddings on every row.
@Suite struct `Each vendor of embeddings` {
  private func embed(
    _ vendor: EmbeddingVendorSample,
    texts: [String] = ["1", "2"],
    dimensions: Int? = nil,
    within time: Duration = .seconds(10),
    _ script: @escaping @Sendable (HTTPRequest, Int) -> [ScriptedServer.Step]
  ) async throws -> (
    Result<VectorsAnswer, ProviderError>, requests: [HTTPRequest]
  ) {
    try await withServer(script) { (server) async throws in
      let provider = try vendor.provider(at: server.authority, dimensions: dimensions)
      do throws(ProviderError) {
        let answer = try await provider.embeddings(of: texts, deadline: .after(time))
        return (.success(answer), server.log.requests)
      } catch {
        return (.failure(error), server.log.requests)
      }
    }
  }

  private func error(
    _ vendor: EmbeddingVendorSample,
    within time: Duration = .seconds(10),
    _ script: @escaping @Sendable (HTTPRequest, Int) -> [ScriptedServer.Step]
  ) async throws -> ProviderError? {
    switch try await self.embed(vendor, within: time, script).0 {
    case .success: nil
    case .failure(let error): error
    }
  }

  /// The number of a text is its vector's first number, before it gets length 1.
  private static func echo(
    _ vendor: EmbeddingVendorSample
  ) -> @Sendable (HTTPRequest, Int) -> [ScriptedServer.Step] {
    { request, _ in
      [.response(vendor.reply(vendor.texts(request).map { [Float($0) ?? 0, 1, 1] }))]
    }
  }

  @Test(arguments: EmbeddingVendorSample.all)
  func `is asked under its address, with its key, and answers in order`(
    vendor: EmbeddingVendorSample
  ) async throws {
    let (outcome, requests) = try await self.embed(vendor, Self.echo(vendor))
    let answer = try outcome.get()
    #expect(answer.vectors.count == 2)
    #expect(answer.inputTokens == vendor.tokens)
    for (index, vector) in answer.vectors.enumerated() {
      let vector = try #require(vector)
      #expect(abs(vector[0] / vector[1] - Float(index + 1)) < 1e-4)
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
    #expect(requests.count == 1)
    #expect(requests.first?.target == vendor.target)
    #expect(requests.first?.fields["authorization"] == "Bearer k-test")
  }

  @Test(arguments: EmbeddingVendorSample.all)
  func `gets as many texts at once as it takes`(vendor: EmbeddingVendorSample) async throws {
    let endpoint = try VendorEndpoint(baseURL: "http://h", key: nil)
    let limit = vendor.api(endpoint, 3).limits.inputs
    let texts = (1...limit + 1).map { "\($0)" }
    let (outcome, requests) = try await self.embed(
      vendor,
      texts: texts,
      dimensions: 3,
      Self.echo(vendor)
    )
    #expect(requests.map { vendor.texts($0).count } == [limit, 1])
    let vectors = try outcome.get().vectors.compactMap { $0 }
    #expect(vectors.count == limit + 1)
    for (index, vector) in vectors.enumerated() {
      #expect(abs(vector[0] / vector[1] - Float(index + 1)) < 0.01 * Float(index + 1))
    }
  }

  @Test(arguments: EmbeddingVendorSample.all)
  func `is asked for dimensions by its own name for them`(
    vendor: EmbeddingVendorSample
  ) async throws {
    for dimensions in [nil, 3] {
      let (_, requests) = try await self.embed(vendor, dimensions: dimensions, Self.echo(vendor))
      let body = RequestBody.object(try #require(requests.first))
      let first = (body["requests"] as? [[String: Any]])?.first ?? body
      #expect(first[vendor.dimensionsMember] as? Int == dimensions)
    }
  }

  @Test(arguments: EmbeddingVendorSample.all, FailureRow.allCases)
  func `fails with a meaning, and never repeats what the vendor wrote`(
    vendor: EmbeddingVendorSample,
    row: FailureRow
  ) async throws {
    let reply = try #require(vendor.failures[row])
    let error = try await self.error(vendor) { _, _ in [.response(reply)] }
    #expect(error == row.meaning)
  }

  @Test(
    arguments: EmbeddingVendorSample.all,
    [[[1, 0, 0]], [[1, 0, 0], [1, 0]], [[1, 0, 0], [0, 0, 0]], [[1, 0, 0], []], []] as [[[Float]]]
  )
  func `is not believed with other vectors than one for each text`(
    vendor: EmbeddingVendorSample,
    vectors: [[Float]]
  ) async throws {
    let reply = vendor.reply(vectors)
    #expect(try await self.error(vendor) { _, _ in [.response(reply)] } == .malformedReply)
  }

  @Test(arguments: EmbeddingVendorSample.all, ["", "<html>", "null", "{}", #"{"data":[]}"#])
  func `is not believed without its own form of reply`(
    vendor: EmbeddingVendorSample,
    body: String
  ) async throws {
    let error = try await self.error(vendor) { _, _ in [.response(failure(200, body))] }
    #expect(error == .malformedReply)
  }

  @Test(arguments: EmbeddingVendorSample.all)
  func `may be slow within the deadline`(vendor: EmbeddingVendorSample) async throws {
    let reply = vendor.reply([[1, 0], [0, 1]])
    let slow = try await self.error(vendor) { _, _ in
      [.pause(.milliseconds(100)), .response(reply)]
    }
    #expect(slow == nil)
    let late = try await self.error(vendor, within: .milliseconds(100)) { _, _ in [.hang] }
    #expect(late == .timedOut)
  }

  @Test(arguments: EmbeddingVendorSample.all)
  func `may be cut off in the middle`(vendor: EmbeddingVendorSample) async throws {
    let wire = ScriptedServer.wireForm(of: vendor.reply([[1, 0], [0, 1]]))
    for length in [10, wire.count / 2, wire.count - 1] {
      let error = try await self.error(vendor) { _, _ in
        [.bytes(Array(wire.prefix(length))), .close]
      }
      #expect(error == .unreachable)
    }
  }

  @Test func `has a version of its own at every address, and for every kind of input`() throws {
    let endpoint = try VendorEndpoint(baseURL: "http://h", key: nil)
    let versions = EmbeddingVendorSample.all.map { vendor in
      "\(vendor.name) \(vendor.api(endpoint, nil).version)"
    }
    #expect(Set(versions).count == versions.count)
    #expect(versions.allSatisfy { $0.contains("@") && !$0.contains("http") })
    #expect(versions.contains { $0.contains("SEMANTIC_SIMILARITY") })
    #expect(versions.contains { $0.contains("search_document") })
  }
}
