import Glibc
import HTTPClient
import HTTPMessage
import HTTPServer
import Synchronization
import Testing

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `A server that ends` {
    private let request = HTTPRequest(method: "POST", target: "/")

    @Test func `loses no request under load`() async throws {
      var limits = HTTPServerLimits()
      limits.drainNotice = .milliseconds(100)
      let handled = Mutex(0)
      let handler: HTTPHandler = { _ in
        try await Task.sleep(for: .milliseconds(5))
        handled.withLock { $0 += 1 }
        return HTTPResponse(status: 200)
      }
      let port = try await serving(echo) { $0 }
      let counts = try await withClient(port: port) { client in
        await withTaskGroup(of: Counts.self) { group in
          for _ in 0..<64 { group.addTask { await Self.load(client) } }
          for _ in 0..<3 {
            try? await serving(port: port, limits: limits, handler) { _ in
              try await Task.sleep(for: .milliseconds(300))
            }
          }
          group.cancelAll()
          return await group.reduce(into: Counts()) {
            $0.answered += $1.answered
            $0.lost += $1.lost
          }
        }
      }
      let count = handled.withLock { $0 }
      #expect(counts.answered > 100)
      #expect(counts.lost == 0)
      #expect(counts.answered == count)
    }

    private struct Counts: Sendable {
      var answered = 0
      var lost = 0
    }

    /// Sends one request after the other until it is cancelled.
    private static func load(_ client: HTTP2Client) async -> Counts {
      var counts = Counts()
      while !Task.isCancelled {
        do {
          _ = try await client.send(HTTPRequest(method: "POST", target: "/"))
          counts.answered += 1
        } catch let error as HTTPTransportError where error.isSafeToResend {
          try? await Task.sleep(for: .milliseconds(5))
        } catch is CancellationError {
          break
        } catch {
          counts.lost += 1
        }
      }
      return counts
    }

    @Test func `finishes what is in flight and closes after it`() async throws {
      let handler: HTTPHandler = { _ in
        try await Task.sleep(for: .milliseconds(400))
        return HTTPResponse(status: 200, body: Array("done".utf8))
      }
      let (ended, end) = AsyncStream.makeStream(of: String.self)
      try await serving(handler) { port in
        let (started, begin) = AsyncStream.makeStream(of: Void.self)
        Task {
          let reply = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            begin.yield()
            return try connection.receiveToEnd()
          }
          end.yield(reply)
        }
        for await _ in started.prefix(1) {}
        try await Task.sleep(for: .milliseconds(100))
      }
      let reply = await ended.first { _ in true } ?? ""
      #expect(reply.contains("connection: close\r\n"))
      #expect(reply.hasSuffix("done"))
    }

    @Test func `cancels what takes too long, and ends all the same`() async throws {
      var limits = HTTPServerLimits()
      limits.drainGrace = .milliseconds(100)
      let (started, begin) = AsyncStream.makeStream(of: Void.self)
      let wasCancelled = Mutex(false)
      let handler: HTTPHandler = { _ in
        begin.yield()
        do {
          try await Task.sleep(for: .seconds(60))
        } catch {
          wasCancelled.withLock { $0 = true }
        }
        return HTTPResponse(status: 503)
      }
      let port = try await serving(echo) { $0 }
      try await withClient(port: port) { client in
        let call = try await serving(port: port, limits: limits, handler) { _ in
          let call = Task { try await client.send(self.request) }
          for await _ in started.prefix(1) {}
          return call
        }
        #expect(wasCancelled.withLock { $0 })
        #expect(try await call.value.status == 503)
      }
    }

    @Test func `answers a request that comes on an idle connection, and closes it`() async throws {
      let (answers, answer) = AsyncStream.makeStream(of: String.self)
      var limits = HTTPServerLimits()
      limits.drainNotice = .seconds(50)
      let began = ContinuousClock.now
      try await serving(limits: limits, echo) { port in
        let (started, begin) = AsyncStream.makeStream(of: Void.self)
        Task {
          let last = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try connection.receive(until: "\r\n\r\n")
            begin.yield()
            usleep(500_000)
            try connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return try connection.receiveToEnd()
          }
          answer.yield(last)
        }
        for await _ in started.prefix(1) {}
      }
      // With its last connection the server is at its end.
      #expect(began.duration(to: .now) < .seconds(30))
      let last = await answers.first { _ in true } ?? ""
      #expect(last.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(last.contains("\r\nconnection: close\r\n"))
    }

    @Test func `closes idle connections after its notice`() async throws {
      let (replies, reply) = AsyncStream.makeStream(of: String.self)
      var limits = HTTPServerLimits()
      limits.drainNotice = .milliseconds(100)
      try await serving(limits: limits, echo) { port in
        let (started, begin) = AsyncStream.makeStream(of: Void.self)
        Task {
          let rest = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try connection.receive(until: "\r\n\r\n")
            begin.yield()
            return try connection.receiveToEnd()
          }
          reply.yield(rest)
        }
        for await _ in started.prefix(1) {}
      }
      #expect(await replies.first { _ in true } == "")
    }

    @Test func `ends when its body throws`() async throws {
      struct Stop: Error {}
      await #expect(throws: Stop.self) {
        try await serving(echo) { _ in throw Stop() }
      }
    }

    @Test func `says why it can't listen`() async throws {
      await #expect(throws: (any Error).self) {
        try await serving(echo) { port in
          try await serving(port: port, echo) { _ in }
        }
      }
    }
  }
}
