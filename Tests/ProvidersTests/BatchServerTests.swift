import Contracts
import HTTPMessage
import Providers
import RPC
import ScriptedServer
import SwiftProtobuf
import Testing

@testable import EmotionService

@Suite struct `Collecting a batch` {
  /// The error, and the targets of what the vendor was asked, who answers nothing.
  private func collect(
    _ id: String
  ) async throws -> (error: RPCError?, targets: [String]) {
    try await withServer({ _, _ in [.close] }) { (server) async throws in
      let batches = BatchServer([try server.emotionProvider()])
      let error = await #expect(throws: RPCError.self) {
        try await batches.collect(
          .with {
            $0.batch.provider = "openai"
            $0.batch.id = id
            $0.batch.key = "k1234567"
            $0.titleIds = ["a"]
          },
          until: .after(.seconds(10))
        )
      }
      return (error, server.log.requests.map(\.target))
    }
  }

  @Test(arguments: [
    ("", "REQUIRED"), ("batch.1", "MALFORMED"), ("a/../b", "MALFORMED"), ("b?c=1", "MALFORMED"),
    ("bä", "MALFORMED"), ("b\n", "MALFORMED"), (String(repeating: "b", count: 257), "MALFORMED"),
  ])
  func `under an id that no batch has is refused by name`(id: String, reason: String) async throws {
    let (error, targets) = try await self.collect(id)
    #expect(error?.code == .invalidArgument)
    #expect(error.flatMap { ErrorParts.field(of: $0) } == "batch.id")
    #expect(error.flatMap { ErrorParts.reason(of: $0) } == reason)
    #expect(targets.isEmpty)
  }

  @Test(arguments: ["b", "batch_A-1", String(repeating: "b", count: 256)])
  func `under an id that a batch may have asks the vendor`(id: String) async throws {
    let (error, targets) = try await self.collect(id)
    #expect(error?.code == .unavailable)
    #expect(targets == ["/v1/batches/\(id)"])
  }
}
