import CurlClient
import HTTPMessage
import Providers
import ScriptedServer
import Testing

@Suite struct `A classifier` {
  private func read(_ reply: HTTPResponse) async throws -> Result<MoodAnswer, ProviderError> {
    try await withServer({ _, _ in [.response(reply)] }) { (server) async throws in
      let provider = TEIClassifier(
        name: "tei",
        endpoint: try server.endpoint(prefix: ""),
        handler: CurlClient.shared.handler
      )
      do throws(ProviderError) {
        return .success(try await provider.emotions(inMood: "x", deadline: .after(.seconds(5))))
      } catch {
        return .failure(error)
      }
    }
  }

  @Test func `gives the labels near its best one`() async throws {
    let body = """
      [{"label":"joy","score":0.6},{"label":"admiration","score":0.8},\
      {"label":"fear","score":0.07},{"label":"<b>","score":0.9}]
      """
    let answer = try await self.read(failure(200, body)).get()
    #expect(answer.emotions.map(\.name) == ["admiration", "joy"])
    #expect(answer.confidence == 0.8)
    #expect(answer.language == "und")
  }

  @Test(arguments: FailureRow.allCases)
  func `fails with a meaning`(row: FailureRow) async throws {
    let reply = try #require(Failures.tei[row])
    #expect(try await self.read(reply) == .failure(row.meaning))
  }

  @Test(arguments: ["[]", "{}", "", #"[{"label":"?","score":1}]"#, #"[{"label":"joy"}]"#])
  func `is not believed without labels`(body: String) async throws {
    #expect(try await self.read(failure(200, body)) == .failure(.malformedReply))
  }

  @Test func `leaves titles to the next in the chain`() async throws {
    let endpoint = try VendorEndpoint(baseURL: "http://h", key: nil)
    let classifier = TEIClassifier(name: "tei", endpoint: endpoint) { _ in HTTPResponse(status: 500)
    }
    let title = TitleText(id: "a", name: "A", description: "", genres: [])
    try await withServer({ _, _ in [.response(OpenAIReply.titles([OpenAIReply.title("1")]))] }) {
      (server) async throws in
      let chain = ProviderChain([classifier, try server.emotionProvider()])
      let outcomes = await chain.annotations(of: [title], until: .after(.seconds(5)))
      let answer = try #require(try outcomes.first?.get())
      #expect(answer.degradations.map(\.reason) == ["UNSUPPORTED"])
    }
  }
}
