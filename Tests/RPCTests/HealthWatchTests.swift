import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite(.timeLimit(.minutes(1))) struct `Watching health` {
  typealias Status = Grpc_Health_V1_HealthCheckResponse.ServingStatus

  private let health = Health(resultLifetime: .zero, watchPeriod: .milliseconds(5))

  private func client(_ server: TestServer) throws -> RPCClient {
    try RPCClient(baseURL: "http://test", send: server.handler)
  }

  @Test func `tells of each change, and of the end`() async throws {
    let failure = Box<String?>(nil)
    self.health.addCheck(name: "store") { failure.value }
    let stream = try await self.client(TestServer(health: self.health))
      .stream(HealthMethods.watch, Grpc_Health_V1_HealthCheckRequest())
    var statuses = stream.makeAsyncIterator()
    #expect(try await statuses.next()?.status == .notServing)
    self.health.start()
    #expect(try await statuses.next()?.status == .serving)
    failure.value = "away"
    #expect(try await statuses.next()?.status == .notServing)
    failure.value = nil
    #expect(try await statuses.next()?.status == .serving)
    self.health.drain()
    #expect(try await statuses.next()?.status == .notServing)
    do {
      _ = try await statuses.next()
      Issue.record("no error")
    } catch {
      #expect(error.code == .unavailable)
    }
  }

  @Test func `stays open for a service that nobody knows`() async throws {
    self.health.start()
    let stream = try await self.client(TestServer(health: self.health))
      .stream(HealthMethods.watch, .with { $0.service = "no.such.Service" })
    var statuses = stream.makeAsyncIterator()
    #expect(try await statuses.next()?.status == .serviceUnknown)
    self.health.drain()
    do {
      _ = try await statuses.next()
      Issue.record("no error")
    } catch {
      #expect(error.code == .unavailable)
    }
  }

  @Test func `works with curl`() async throws {
    self.health.start()
    let response = try await TestServer(health: self.health).post(
      HealthMethods.watch.path,
      "{}",
      ["accept": "text/event-stream"]
    )
    let first = try await response.stream?.next() ?? []
    #expect(
      String(decoding: first, as: UTF8.self) == "event: message\ndata: {\"status\":\"SERVING\"}\n\n"
    )
    response.stream?.cancel()
  }

  @Test func `isn't needed to list all services`() async throws {
    self.health.start()
    let list = try await self.client(TestServer(health: self.health))
      .call(HealthMethods.list, Grpc_Health_V1_HealthListRequest())
    #expect(list.statuses[""]?.status == .serving)
    #expect(list.statuses["grpc.health.v1.Health"]?.status == .serving)
    #expect(list.statuses["test.v1.Test"]?.status == .serving)
  }
}
