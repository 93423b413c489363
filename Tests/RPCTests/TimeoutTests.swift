import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `Time limits` {
  private static let path = RecommendationMethods.recommend.path

  /// A server that tells how many whole seconds its handler has left.
  private static func server(_ limits: RPCLimits = RPCLimits()) -> TestServer {
    TestServer(
      limits: limits,
      answer: { _, context in
        .with { $0.candidates = Int32((context.deadline - .now) / .seconds(1)) }
      },
      extend: { server in
        server.register(TestServer.echo, timeout: .seconds(40)) { _, context in
          .with { $0.limit = Int32((context.deadline - .now) / .seconds(1)) }
        }
      }
    )
  }

  @Test(
    arguments: [
      ("30000", 30), ("0000030000", 30), ("90000", 90), ("120000", 120), ("120001", 120),
      ("9999999999", 120),
    ]
  )
  func `the caller's limit holds, up to ours`(header: String, seconds: Int) async throws {
    let response = try await Self.server().post(
      Self.path,
      "{}",
      ["connect-timeout-ms": header]
    )
    let remaining = try Int(RecommendResponse(jsonUTF8Bytes: response.body).candidates)
    #expect((seconds - 20..<seconds).contains(remaining))
  }

  @Test func `without one the default holds, or the method's own`() async throws {
    let server = Self.server()
    let usual = try await server.post(Self.path, "{}")
    #expect((0..<15).contains(try RecommendResponse(jsonUTF8Bytes: usual.body).candidates))
    let own = try await server.post(TestServer.echo.path, "{}")
    #expect((20..<40).contains(try RecommendRequest(jsonUTF8Bytes: own.body).limit))
  }

  @Test(arguments: ["12345678901", "00000000001", "abc", "", "-1", "1.5", "1s", " 1", "+1", "١"])
  func `what is not 1 to 10 digits is an invalid argument`(header: String) async throws {
    let response = try await Self.server().post(
      Self.path,
      "{}",
      ["connect-timeout-ms": header]
    )
    #expect(response.status == 400)
    let error = await response.error
    #expect(error?.code == .invalidArgument)
    #expect(error?.reason == "INVALID_TIMEOUT")
  }

  @Test func `a limit of zero has passed before the handler runs`() async throws {
    let ran = Box(false)
    let server = TestServer { _, _ in
      ran.value = true
      return RecommendResponse()
    }
    let response = try await server.post(Self.path, "{}", ["connect-timeout-ms": "0"])
    #expect(response.status == 504)
    #expect(await response.error?.code == .deadlineExceeded)
    #expect(!ran.value)
  }

  @Test func `a handler that is too slow is cancelled`() async throws {
    let wasCancelled = Box(false)
    let server = TestServer { _, _ in
      do { try await Task.sleep(for: .seconds(60)) } catch {
        wasCancelled.value = Task.isCancelled
        throw error
      }
      return RecommendResponse()
    }
    let response = try await server.post(Self.path, "{}", ["connect-timeout-ms": "1"])
    #expect(response.status == 504)
    let error = await response.error
    #expect(error?.code == .deadlineExceeded)
    #expect(error?.details.map(\.type).last == "google.rpc.RequestInfo")
    #expect(await eventually { wasCancelled.value })
    #expect(server.records.all.map(\.code) == [.deadlineExceeded])
  }

  @Test func `the answer goes out though the handler ignores its cancellation`() async throws {
    let (release, releaser) = AsyncStream.makeStream(of: Void.self)
    let server = TestServer { _, _ in
      // A child of nobody's is not cancelled, and this handler waits for it.
      await Task { for await _ in release {} }.value
      return RecommendResponse()
    }
    let began = ContinuousClock.now
    let response = try await server.post(Self.path, "{}", ["connect-timeout-ms": "50"])
    #expect(response.status == 504)
    #expect(ContinuousClock.now - began >= .milliseconds(50))
    releaser.finish()
  }

  @Test func `a caller who goes away cancels the handler`() async throws {
    let (started, starter) = AsyncStream.makeStream(of: Void.self)
    let wasCancelled = Box(false)
    let server = TestServer { _, _ in
      starter.finish()
      do { try await Task.sleep(for: .seconds(60)) } catch {
        wasCancelled.value = true
        throw error
      }
      return RecommendResponse()
    }
    let call = Task { try await server.post() }
    for await _ in started {}
    call.cancel()
    let response = try await call.value
    #expect(response.status == 499)
    #expect(await response.error?.code == .canceled)
    #expect(await eventually { wasCancelled.value })
    #expect(server.records.all.map(\.code) == [.canceled])
  }

  @Test func `a call that was cancelled before it began runs no handler`() async throws {
    let ran = Box(false)
    let server = TestServer { _, _ in
      ran.value = true
      return RecommendResponse()
    }
    let call = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await server.post()
    }
    call.cancel()
    #expect(try await call.value.status == 499)
    #expect(!ran.value)
  }

  @Test func `deadlines out of order and by the hundred are all met`() async throws {
    let began = ContinuousClock.now
    let late = await withTaskGroup(of: Duration.self) { group in
      for index in 0..<500 {
        let limit = Duration.milliseconds((index * 37) % 200 + 1)
        group.addTask {
          do {
            try await withDeadline(began + limit) { try await Task.sleep(for: .seconds(60)) }
          } catch {}
          return ContinuousClock.now - began - limit
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(late.allSatisfy { $0 >= .zero && $0 < .seconds(50) })
  }

  @Test func `work that ends leaves no timer that disturbs the next`() async throws {
    for round in 0..<1000 {
      let limit = ContinuousClock.now + .seconds(round % 2 == 0 ? 60 : 600)
      let value = try await withDeadline(limit) {
        await Task.yield()
        return round
      }
      #expect(value == round)
    }
    await #expect(throws: DeadlineExceeded.self) {
      try await withDeadline(.now + .milliseconds(20)) { try await Task.sleep(for: .seconds(60)) }
    }
  }
}
