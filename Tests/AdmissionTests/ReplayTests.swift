import HTTPMessage
import RPC
import Testing

@testable import Admission

@Suite(.timeLimit(.minutes(1))) struct `Calls with an Idempotency-Key` {
  private static func key(_ key: String) -> HeaderFields { ["idempotency-key": key] }

  @Test func `run once and are answered the same again`() async throws {
    let server = try await GuardedServer()
    let first = await server.call(GuardedServer.writePath, Self.key("k"))
    let second = await server.call(GuardedServer.writePath, Self.key("k"))
    #expect(first.text == #"{"deleted":1}"#)
    #expect(second.text == first.text)
    #expect(first.fields["idempotency-replayed"] == nil)
    #expect(second.fields["idempotency-replayed"] == "true")
    #expect(server.runs.value == 1)
  }

  @Test func `run again with another key, for another caller, and without a key`() async throws {
    let server = try await GuardedServer()
    for fields in [Self.key("a"), Self.key("b"), [:], [:]] {
      #expect(await server.call(GuardedServer.writePath, fields).status == 200)
    }
    _ = await server.call(GuardedServer.writePath, Self.key("a"), peer: "192.0.2.9")
    #expect(server.runs.value == 5)
  }

  @Test func `may not bring another body`() async throws {
    let server = try await GuardedServer()
    _ = await server.call(GuardedServer.writePath, Self.key("k"), body: #"{"ids":["a"]}"#)
    let other = await server.call(GuardedServer.writePath, Self.key("k"), body: #"{"ids":["b"]}"#)
    #expect(other.status == 400)
    #expect(other.text.contains("IDEMPOTENCY_KEY_REUSED"))
    #expect(server.runs.value == 1)
  }

  @Test func `are aborted while an equal one runs`() async throws {
    let gate = Gate()
    let server = try await GuardedServer(upsert: { await gate.pass() })
    async let first = server.call(GuardedServer.writePath, Self.key("k"))
    #expect(await eventually { server.runs.value == 1 })
    let second = await server.call(GuardedServer.writePath, Self.key("k"))
    #expect(second.status == 409)
    #expect(second.text.contains("\"aborted\""))
    gate.open()
    #expect(await first.status == 200)
    let third = await server.call(GuardedServer.writePath, Self.key("k"))
    #expect(third.fields["idempotency-replayed"] == "true")
  }

  @Test func `run again after they failed`() async throws {
    let failing = Counted()
    let server = try await GuardedServer(upsert: {
      if failing.add() == 1 { throw RPCError(.unavailable, "not now") }
    })
    #expect(await server.call(GuardedServer.writePath, Self.key("k")).status == 503)
    #expect(await server.call(GuardedServer.writePath, Self.key("k")).status == 200)
  }

  @Test func `are found again by a repetition when their answer came too late`() async throws {
    let gate = Gate()
    let server = try await GuardedServer(upsert: { await gate.pass() })
    var fields = Self.key("k")
    fields["connect-timeout-ms"] = "50"
    #expect(await server.call(GuardedServer.writePath, fields).status == 504)
    gate.open()
    let isReplayed = await eventually {
      let again = await server.call(GuardedServer.writePath, Self.key("k"))
      return again.fields["idempotency-replayed"] == "true"
    }
    #expect(isReplayed)
    #expect(server.runs.value == 1)
  }

  @Test(arguments: ["", "\u{7F}", "ключ", String(repeating: "k", count: 256)])
  func `need a key of 1 to 255 printable characters`(key: String) async throws {
    let server = try await GuardedServer()
    #expect(await server.call(GuardedServer.writePath, Self.key(key)).status == 400)
    let longest = String(repeating: "k", count: 255)
    #expect(await server.call(GuardedServer.writePath, Self.key(longest)).status == 200)
  }

  @Test func `that read only run each time`() async throws {
    let server = try await GuardedServer()
    _ = await server.call(GuardedServer.readPath, Self.key("k"))
    _ = await server.call(GuardedServer.readPath, Self.key("k"))
    #expect(server.runs.value == 2)
  }

  @Test func `are forgotten after their time`() async throws {
    var configuration = AdmissionControl.Configuration()
    configuration.replayLifetime = .milliseconds(1)
    let server = try await GuardedServer(configuration)
    _ = await server.call(GuardedServer.writePath, Self.key("k"))
    try await Task.sleep(for: .milliseconds(5))
    let again = await server.call(GuardedServer.writePath, Self.key("k"))
    #expect(again.fields["idempotency-replayed"] == nil)
    #expect(server.runs.value == 2)
  }
}
