import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `Health checks` {
  private static let path = HealthMethods.check.path

  private static func client(_ server: TestServer) throws -> RPCClient {
    try RPCClient(baseURL: "http://test", send: server.handler)
  }

  private static func status(
    _ server: TestServer,
    of service: String = ""
  ) async throws -> Grpc_Health_V1_HealthCheckResponse.ServingStatus {
    try await Self.client(server).call(HealthMethods.check, .with { $0.service = service }).status
  }

  @Test func `a server goes from starting to serving to draining`() async throws {
    let health = Health(checkTimeout: .seconds(60))
    let server = TestServer(health: health)
    #expect(try await server.get("/livez").status == 200)
    #expect(try await server.get("/startupz").status == 503)
    #expect(try await server.get("/readyz").status == 503)
    #expect(try await Self.status(server) == .notServing)
    health.start()
    #expect(try await server.get("/startupz").text == "ok\n")
    #expect(try await server.get("/readyz").text == "ok\n")
    #expect(try await Self.status(server) == .serving)
    health.drain()
    #expect(try await server.get("/livez").status == 200)
    #expect(try await server.get("/startupz").status == 200)
    let draining = try await server.get("/readyz")
    #expect(draining.status == 503)
    #expect(draining.text == "[-]process failed: about to stop\n")
    #expect(try await Self.status(server) == .notServing)
  }

  @Test func `readyz says which check fails and why`() async throws {
    let health = Health(checkTimeout: .seconds(60))
    health.start()
    health.addCheck(name: "store") { nil }
    health.addCheck(name: "emotion-service") { "unreachable" }
    let server = TestServer(health: health)
    let short = try await server.get("/readyz")
    #expect(short.status == 503)
    #expect(short.text == "[-]emotion-service failed: unreachable\n")
    let verbose = try await server.get("/readyz?verbose")
    #expect(verbose.status == 503)
    #expect(
      verbose.text == "[+]store ok\n[-]emotion-service failed: unreachable\n[+]process ok\n"
    )
    #expect(try await Self.status(server) == .notServing)
  }

  @Test func `readyz lists what is well for those who ask`() async throws {
    let health = Health(checkTimeout: .seconds(60))
    health.start()
    health.addCheck(name: "store") { nil }
    let response = try await TestServer(health: health).get("/readyz?verbose=1")
    #expect(response.status == 200)
    #expect(response.text == "[+]store ok\n[+]process ok\n")
  }

  @Test func `a check that hangs has failed, even when it ignores cancellation`() async {
    let health = Health(checkTimeout: .milliseconds(20))
    let (release, releaser) = AsyncStream.makeStream(of: Void.self)
    health.start()
    health.addCheck(name: "store") {
      await Task { for await _ in release {} }.value
      return nil
    }
    let report = await health.report()
    #expect(!report.isReady)
    #expect(report.results.first?.failure == "no answer in time")
    releaser.finish()
  }

  @Test func `a change of what fails is told once`() async throws {
    let (failure, told) = (Box<String?>(nil), Box<[String]>([]))
    let health = Health(resultLifetime: .zero) { result in
      told.value.append("\(result.name): \(result.failure ?? "well")")
    }
    health.start()
    health.addCheck(name: "cache") { nil }
    health.addCheck(name: "store") { failure.value }
    for reason in [nil, nil, "slow", "slow", "away", nil, nil] {
      failure.value = reason
      _ = await health.report()
    }
    #expect(told.value == ["store: slow", "store: away", "store: well"])
  }

  @Test func `results are given again for a while`() async throws {
    for (lifetime, expected) in [(Duration.seconds(600), 1), (.milliseconds(1), 3)] {
      let runs = Box(0)
      let health = Health(checkTimeout: .seconds(60), resultLifetime: lifetime)
      health.start()
      health.addCheck(name: "store") {
        runs.value += 1
        return nil
      }
      for _ in 0..<3 {
        #expect(await health.report().isReady)
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(runs.value == expected)
    }
  }

  @Test func `a caller in a hurry doesn't decide for the others`() async throws {
    let health = Health(checkTimeout: .seconds(60), resultLifetime: .seconds(600))
    health.start()
    health.addCheck(name: "store") {
      guard CallScope.current.deadline == nil else { return "asked under a time limit" }
      do { try await Task.sleep(for: .milliseconds(100)) } catch { return "cancelled" }
      return nil
    }
    let server = TestServer(health: health)
    let hurried = try await server.post(Self.path, "{}", ["connect-timeout-ms": "1"])
    #expect(hurried.status == 504)
    // What the hurried call found would be kept by now.
    try await Task.sleep(for: .milliseconds(50))
    #expect(try await server.get("/readyz").status == 200)
  }

  @Test func `the services registered are known, and no others`() async throws {
    let health = Health(checkTimeout: .seconds(60))
    health.start()
    let server = TestServer(health: health)
    for service in ["test.v1.Test", "grpc.health.v1.Health"] {
      #expect(try await Self.status(server, of: service) == .serving)
    }
    let error = await #expect(throws: RPCError.self) {
      try await Self.status(server, of: "test.v1.Nobody")
    }
    #expect(error?.code == .notFound)
  }

  @Test func `a checker without a body is answered`() async throws {
    let health = Health(checkTimeout: .seconds(60))
    health.start()
    let server = TestServer(health: health)
    let response = try await server.get("\(Self.path)?encoding=json&message=%7B%7D")
    #expect(response.status == 200)
    #expect(response.text == #"{"status":"SERVING"}"#)
  }
}
