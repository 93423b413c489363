import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `Requests without a response` {
  private struct Unexpected: Error {}

  /// How often a call was sent when sending fails, and with which error it ended.
  private static func outcome(
    _ idempotency: Idempotency,
    _ failure: any Error & Sendable
  ) async throws -> (sent: Int, error: RPCError?) {
    let sent = Box(0)
    let client = try RPCClient(
      baseURL: "http://test",
      send: { _ in
        sent.value += 1
        throw failure
      }
    )
    let method = Method<RecommendRequest, RecommendResponse>("test.v1.Test", "Any", idempotency)
    do {
      _ = try await client.call(method, RecommendRequest())
      return (sent.value, nil)
    } catch {
      return (sent.value, error)
    }
  }

  @Test(
    arguments: [
      HTTPTransportError.Reason.unreachable, .refused, .interrupted, .timedOut, .responseTooLarge,
      .protocolError,
    ]
  )
  func `are not sent again by a client, as that is for its channel to do`(
    reason: HTTPTransportError.Reason
  ) async throws {
    let failure = HTTPTransportError(reason, "to test")
    #expect(try await Self.outcome(.noSideEffects, failure).sent == 1)
  }

  @Test(
    arguments: [
      (HTTPTransportError.Reason.unreachable, Code.unavailable, "UNREACHABLE"),
      (.refused, .unavailable, "REFUSED"), (.interrupted, .unavailable, "INTERRUPTED"),
      (.timedOut, .deadlineExceeded, "TIMED_OUT"),
      (.responseTooLarge, .resourceExhausted, "RESPONSE_TOO_LARGE"),
      (.protocolError, .unavailable, "PROTOCOL_ERROR"),
    ]
  )
  func `say in a word what happened`(
    reason: HTTPTransportError.Reason,
    code: Code,
    word: String
  ) async throws {
    let failure = HTTPTransportError(reason, "internal detail")
    let error = try #require(try await Self.outcome(.unknown, failure).error)
    #expect(error.code == code)
    #expect(error.reason == word)
    #expect(error.message.hasPrefix("test.v1.Test "))
    #expect(!error.message.contains("internal detail"))
  }

  @Test func `keep the text of unexpected errors here`() async throws {
    let error = try #require(try await Self.outcome(.noSideEffects, Unexpected()).error)
    #expect(error.code == .internal)
    #expect(!error.message.contains("Unexpected"))
  }
}
