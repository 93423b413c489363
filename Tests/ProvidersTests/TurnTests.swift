import Contracts
import HTTPMessage
import LocalModels
import Providers
import RPC
import Safety
import ScriptedServer
import SwiftProtobuf
import Synchronization
import Testing

@testable import EmotionService

@Suite(.timeLimit(.minutes(1))) struct `A call's turn in the emotion service` {
  /// Whether a call has its turn, and how often it gave that back.
  private final class Turn: CallCounter {
    private let state = Mutex((waits: 0, pauses: 0))

    func leave(atWork: Duration, _ end: CallEnd) {}

    func pause() -> Bool {
      self.state.withLock { state in
        state.waits += 1
        state.pauses += 1
      }
      return true
    }

    func resume() { self.state.withLock { $0.waits -= 1 } }

    var waits: Int { self.state.withLock { $0.waits } }
    var pauses: Int { self.state.withLock { $0.pauses } }
  }

  private func server(_ provider: any EmotionProvider) throws -> EmotionServer {
    EmotionServer(chain: ProviderChain([provider]), phrases: try CrisisPhrases.shipped())
  }

  private func extract(_ mood: String, by server: EmotionServer, _ turn: Turn) async throws {
    var scope = CallScope()
    let own = CallTurn()
    own.begin(turn)
    scope.turn = own
    try await CallScope.$current.withValue(scope) {
      _ = try await server.extractEmotions(.with { $0.mood = mood }, until: .after(.seconds(20)))
    }
  }

  @Test func `is given back while a provider, or an equal call, is waited for`() async throws {
    let turns = (leads: Turn(), follows: Turn())
    try await withServer({ _, _ in [.pause(.milliseconds(500)), .response(OpenAIReply.mood)] }) {
      (openai) async throws in
      let server = try self.server(try openai.emotionProvider())
      async let first: Void = self.extract("so sad", by: server, turns.leads)
      while openai.log.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
      async let equal: Void = self.extract("so sad", by: server, turns.follows)
      while turns.follows.waits == 0 { try await Task.sleep(for: .milliseconds(1)) }
      #expect(turns.leads.waits == 1)
      try await first
      try await equal
      #expect(openai.log.requests.count == 1)
    }
    #expect(turns.leads.waits == 0 && turns.follows.waits == 0)
  }

  @Test func `is given back between two attempts`() async throws {
    let turn = Turn()
    let limited = OpenAIReply.error(429, code: nil, fields: ["retry-after-ms": "10"])
    try await withServer({ _, count in
      [.response(count == 0 ? limited : OpenAIReply.mood)]
    }) { (openai) async throws in
      try await self.extract("sad", by: try self.server(try openai.emotionProvider()), turn)
    }
    // Two attempts and the wait between them.
    #expect(turn.pauses == 3)
  }

  @Test func `is kept while the service's own model reads`() async throws {
    let turn = Turn()
    let model = LocalEmotionProvider(try EmotionModel(try ModelResource.locate(override: nil)))
    try await self.extract("sad", by: try self.server(model), turn)
    #expect(turn.pauses == 0)
  }
}
