import CurlClient
import HTTPMessage
import Providers
import ScriptedServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct `What is said of a provider that can't be reached` {
  @Test(arguments: [
    (
      [ScriptedServer.Step.hang], Duration.milliseconds(500),
      "can't be reached: a first connection was lost, and a second one gave no answer"
    ),
    (
      [.response(OpenAIReply.mood)], .seconds(30),
      "can't be reached: a first connection was lost, a second one was not"
    ),
  ])
  func `comes in time, whatever becomes of a second connection`(
    steps: [ScriptedServer.Step],
    patience: Duration,
    words: String
  ) async throws {
    try await withServer({ _, _ in steps }) { (server) async throws in
      let inspection = ProviderInspection(
        handler: CurlClient.shared.handler,
        patience: patience
      )
      let provider = try server.emotionProvider()
      let said = await inspection.explanation(of: .unreachable, model: "m", provider: provider)
      #expect(said == words)
    }
  }
}
