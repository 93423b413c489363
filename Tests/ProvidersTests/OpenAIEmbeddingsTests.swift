import Foundation
import HTTPMessage
import Providers
import ScriptedServer
import Testing

@Suite struct `OpenAI's embeddings` {
  private static let limits = OpenAIEmbeddings.Dialect.openAI.limits

  @Test func `a request asks for base64 and for the dimensions wanted`() throws {
    let endpoint = try VendorEndpoint(baseURL: "https://h/v1", key: nil)
    for dimensions in [nil, 512] {
      let embeddings = OpenAIEmbeddings(endpoint: endpoint, model: "m", dimensions: dimensions)
      let request = embeddings.request(for: ["a", "b"])
      #expect(request.target == "/v1/embeddings")
      let body = RequestBody.object(request)
      #expect(body["encoding_format"] as? String == "base64")
      #expect(body["input"] as? [String] == ["a", "b"])
      #expect(body["model"] as? String == "m")
      #expect(body["dimensions"] as? Int == dimensions)
    }
  }

  @Test(arguments: [
    (1, [1]), (2047, [2047]), (2048, [2048]), (2049, [2048, 1]), (4097, [2048, 2048, 1]),
  ])
  func `texts are cut into requests at 2,048`(count: Int, sizes: [Int]) {
    let texts = Array(repeating: "joy", count: count)
    let batches = Self.limits.batches(of: texts, maxInputs: 2048)
    #expect(batches.map(\.count) == sizes)
    #expect(batches.flatMap { Array($0) } == Array(0..<count))
  }

  @Test func `texts are cut into requests at 300,000 tokens`() {
    let texts = Array(repeating: String(repeating: "ab", count: 1000), count: 1000)
    let batches = Self.limits.batches(of: texts, maxInputs: 2048)
    #expect(batches.count == 7)
    #expect(batches.flatMap { Array($0) } == Array(0..<1000))
    let huge = Self.limits.batches(
      of: Array(repeating: String(repeating: "😀", count: 100_000), count: 3),
      maxInputs: 2048
    )
    #expect(huge.map(\.count) == [1, 1, 1])
    #expect(Self.limits.batches(of: [], maxInputs: 2048).isEmpty)
  }

  @Test(arguments: [
    (String(repeating: "!", count: 8191), 8191), (String(repeating: "!", count: 8192), 8191),
    (String(repeating: "漢", count: 8192), 8190), (String(repeating: "😀", count: 8192), 8188),
    ("a" + String(repeating: "\u{301}", count: 8192), 8191), ("é", 2),
  ])
  func `a text is cut to no more bytes than a text may have tokens`(
    text: String,
    bytes: Int
  ) async throws {
    try await withServer({ request, _ in [.response(OpenAIReply.embeddings(for: request))] }) {
      (server) async throws in
      let provider = try server.embeddingProvider()
      let answer = try await provider.embeddings(
        of: ["1", text, "2"],
        deadline: .after(.seconds(10))
      )
      #expect(answer.vectors.count == 3)
      let request = try #require(server.log.requests.first)
      let sent = try #require(RequestBody.object(request)["input"] as? [String])
      #expect(sent.count == 3 && sent[0] == "1" && sent[2] == "2")
      #expect(sent[1].utf8.count == bytes)
      #expect(text.utf8.starts(with: sent[1].utf8))
    }
  }

  @Test(arguments: [(-1, 0), (0, 0), (7, 7), (Int.max, Int(Int32.max))])
  func `a count of tokens is kept within bounds`(told: Int, taken: Int) throws {
    let endpoint = try VendorEndpoint(baseURL: "https://h", key: nil)
    let embeddings = OpenAIEmbeddings(endpoint: endpoint, model: "m", dimensions: nil)
    let reply = try embeddings.reply(
      from: OpenAIReply.json(
        #"{"data":[{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":\#(told)}}"#
      ),
      count: 1
    )
    #expect(reply.inputTokens == taken)
  }

  private func version(_ baseURL: String) throws -> String {
    let endpoint = try VendorEndpoint(baseURL: baseURL, key: "sk-secret")
    return OpenAIEmbeddings(endpoint: endpoint, model: "m", dimensions: nil).version
  }

  @Test(arguments: ["https://api.openai.com/v1", "https://API.openai.com/v1/"])
  func `the vendor's own model needs no mark`(baseURL: String) throws {
    #expect(try self.version(baseURL) == "1")
  }

  @Test func `models of one name behind two servers differ, without telling the servers`() throws {
    let addresses = [
      "http://127.0.0.1:11434/v1", "https://h", "https://api.openai.com/v2",
      "http://api.openai.com/v1", "https://h/v1",
    ]
    let versions = try addresses.map(self.version)
    #expect(Set(versions).count == addresses.count)
    for version in versions {
      #expect(version.hasPrefix("1@") && version.utf8.count == 18)
    }
    #expect(try self.version("https://H/v1/") == versions[4])
  }

  @Test func `2,049 texts come back in order from two requests`() async throws {
    try await withServer({ request, _ in [.response(OpenAIReply.embeddings(for: request))] }) {
      (server) async throws in
      let provider = try server.embeddingProvider(dimensions: 4)
      let texts = (1...2049).map { "\($0)" }
      let answer = try await provider.embeddings(of: texts, deadline: .after(.seconds(30)))
      #expect(answer.inputTokens == 2049)
      #expect(provider.dimensions == 4)
      let inputs = server.log.requests.map {
        (RequestBody.object($0)["input"] as? [String])?.count
      }
      #expect(inputs == [2048, 1])
      // The first number was the text's, before the vector got length 1.
      for (index, vector) in answer.vectors.enumerated() {
        let vector = try #require(vector)
        #expect(abs(vector[0] / vector[1] - Float(index + 1)) < 0.01 * Float(index + 1))
        #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
      }
    }
  }

  @Test func `numbers are taken where base64 is not understood`() throws {
    let endpoint = try VendorEndpoint(baseURL: "https://h", key: nil)
    let embeddings = OpenAIEmbeddings(endpoint: endpoint, model: "m", dimensions: nil)
    let reply = try embeddings.reply(
      from: OpenAIReply.json(#"{"data":[{"index":0,"embedding":[3,4]}]}"#),
      count: 1
    )
    #expect(reply.vectors == [[3, 4]])
    #expect(reply.inputTokens == 0)
  }

  @Test(arguments: [
    "[]", #"[{"index":0,"embedding":"AACAPw=="}]"#,
    #"[{"index":0,"embedding":"AACAPw=="},{"index":0,"embedding":"AACAPw=="}]"#,
    #"[{"index":0,"embedding":"AACAPw=="},{"index":2,"embedding":"AACAPw=="}]"#,
    #"[{"index":0,"embedding":"AACAPw=="},{"index":-1,"embedding":"AACAPw=="}]"#,
    #"[{"index":0,"embedding":"AACAPw=="},{"index":1,"embedding":"AACAPwAAgD8="}]"#,
    #"[{"index":0,"embedding":"AACAPw=="},{"index":1,"embedding":"AAA="}]"#,
    #"[{"index":0,"embedding":"AACAPw=="},{"index":1,"embedding":"AAAAAA=="}]"#,
    #"[{"index":0,"embedding":"AACAPw=="},{"index":1,"embedding":"AADAfw=="}]"#,
    #"[{"index":0,"embedding":"AACAPw=="},{"index":1,"embedding":"?"}]"#,
    #"[{"index":0,"embedding":"AACAPw=="},{"index":1,"embedding":""}]"#,
    #"[{"index":0,"embedding":[1]},{"index":1,"embedding":[]}]"#,
    #"[{"index":0,"embedding":[1]},{"index":9223372036854775807,"embedding":[1]}]"#,
  ])
  func `vectors that don't answer the inputs are refused`(data: String) async throws {
    let reply = OpenAIReply.json(#"{"data":\#(data)}"#)
    try await withServer({ _, _ in [.response(reply)] }) { (server) async throws in
      let provider = try server.embeddingProvider()
      await #expect(throws: ProviderError.malformedReply) {
        try await provider.embeddings(of: ["a", "b"], deadline: .after(.seconds(10)))
      }
    }
  }

  @Test func `vectors of another length than asked for are refused`() async throws {
    try await withServer({ request, _ in [.response(OpenAIReply.embeddings(for: request))] }) {
      (server) async throws in
      let provider = try server.embeddingProvider(dimensions: 5)
      await #expect(throws: ProviderError.malformedReply) {
        try await provider.embeddings(of: ["a"], deadline: .after(.seconds(10)))
      }
    }
  }

  @Test func `a model that changes its dimensions is refused`() async throws {
    try await withServer({ request, number in
      [.response(OpenAIReply.embeddings(for: request, dimensions: 4 + number))]
    }) { (server) async throws in
      let provider = try server.embeddingProvider()
      _ = try await provider.embeddings(of: ["a"], deadline: .after(.seconds(10)))
      await #expect(throws: ProviderError.malformedReply) {
        try await provider.embeddings(of: ["b"], deadline: .after(.seconds(10)))
      }
      #expect(provider.dimensions == 4)
    }
  }

  @Test(
    arguments: [
      ("text-embedding-3-small", nil, 1536), ("text-embedding-3-large", nil, 3072),
      ("text-embedding-ada-002", nil, 1536), ("text-embedding-3-large", 256, 256), ("m", nil, nil),
    ] as [(String, Int?, Int?)]
  )
  func `the dimensions of known models are known`(model: String, asked: Int?, known: Int?) throws {
    let endpoint = try VendorEndpoint(baseURL: "https://h", key: nil)
    let embeddings = OpenAIEmbeddings(endpoint: endpoint, model: model, dimensions: asked)
    let provider = VectorModelProvider(name: "openai", api: embeddings) { _ in
      HTTPResponse(status: 500)
    }
    #expect(provider.dimensions == known)
    // A reply must stay below the client's limit of 32 MiB.
    #expect(provider.maxBatch * (known ?? 4096) * 16 / 3 <= 24 << 20)
    #expect((1...2048).contains(provider.maxBatch))
  }
}
