import Glibc
import HTTPClient
import HTTPMessage
import HTTPServer
import Testing

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `A connection's lifetime` {
    /// The highest stream there can be, which the first of two GOAWAY frames names.
    private static let anyStream = Int32.max

    private static func isPing(_ frame: ReceivedFrame) -> Bool {
      frame.isType(.ping) && frame.flags & FrameFlag.ack == 0
    }

    private static func lastStream(_ frame: ReceivedFrame) -> Int32 {
      frame.payload.prefix(4).reduce(0) { $0 << 8 | Int32($1) }
    }

    /// Receives the first GOAWAY, opens a stream that has crossed it, says that it has heard, and
    /// receives the rest.
    private func leave(_ port: Int) async throws -> [ReceivedFrame] {
      try await blocking {
        let connection = try RawConnection(port: port)
        try connection.send(preface + request(stream: 1))
        let first = try connection.receiveFrames(until: Self.isPing)
        let ping = first.last?.payload ?? []
        try connection.send(
          request(stream: 3) + frame(.ping, flags: FrameFlag.ack, ping)
        )
        return first + (try connection.receiveFrames())
      }
    }

    private func expectTwoSteps(_ frames: [ReceivedFrame]) {
      let ends = frames.filter { $0.isType(.goAway) }
      #expect(ends.map(Self.lastStream) == [Self.anyStream, 3])
      #expect(ends.map(\.errorCode) == [0, 0])
      #expect(frames.contains { $0.isType(.headers) && $0.stream == 3 })
    }

    @Test func `ends in two steps when it is old, and loses no request that crossed`() async throws
    {
      var limits = HTTPServerLimits()
      limits.maxConnectionAge = .milliseconds(400)
      try await serving(limits: limits, echo) { port in
        self.expectTwoSteps(try await self.leave(port))
      }
    }

    @Test func `ends in two steps when it is idle`() async throws {
      var limits = HTTPServerLimits()
      limits.idleTimeout = .milliseconds(400)
      try await serving(limits: limits, echo) { port in
        self.expectTwoSteps(try await self.leave(port))
      }
    }

    @Test func `ends in two steps when the server does`() async throws {
      let (results, result) = AsyncStream.makeStream(of: [ReceivedFrame].self)
      var limits = HTTPServerLimits()
      limits.drainNotice = .milliseconds(100)
      try await serving(limits: limits, echo) { port in
        Task { result.yield((try? await self.leave(port)) ?? []) }
        try await Task.sleep(for: .milliseconds(300))
      }
      self.expectTwoSteps(await results.first { _ in true } ?? [])
    }

    @Test func `ends as well with a client that doesn't answer`() async throws {
      var limits = HTTPServerLimits()
      limits.maxConnectionAge = .milliseconds(200)
      try await serving(limits: limits, echo) { port in
        let frames = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(preface + request(stream: 1))
          return try connection.receiveFrames()
        }
        #expect(frames.filter { $0.isType(.goAway) }.map(Self.lastStream) == [Self.anyStream, 1])
      }
    }

    @Test func `is announced by HTTP 1, or ends where nothing is under way`() async throws {
      var limits = HTTPServerLimits()
      limits.maxConnectionAge = .milliseconds(300)
      let slow: HTTPHandler = { _ in
        try await Task.sleep(for: .milliseconds(800))
        return HTTPResponse(status: 200)
      }
      try await serving(limits: limits, slow) { port in
        let reply = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
          return try connection.receiveToEnd()
        }
        #expect(reply.hasPrefix("HTTP/1.1 200"))
        #expect(reply.contains("connection: close\r\n"))
      }
      try await serving(limits: limits, echo) { port in
        let reply = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
          return try connection.receiveToEnd()
        }
        #expect(!reply.contains("connection: close\r\n"))
      }
    }

    @Test func `takes another request by HTTP 1 when it is old, and ends with it`() async throws {
      var limits = HTTPServerLimits()
      limits.maxConnectionAge = .milliseconds(200)
      try await serving(limits: limits, echo) { port in
        let last = try await blocking {
          let connection = try RawConnection(port: port)
          let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
          try connection.send(request)
          _ = try connection.receive(until: "\r\n\r\n")
          usleep(800_000)
          try connection.send(request)
          return try connection.receiveToEnd()
        }
        #expect(last.hasPrefix("HTTP/1.1 200"))
        #expect(last.contains("connection: close\r\n"))
      }
    }

    @Test func `is cut off when what is in flight has had its grace`() async throws {
      var limits = HTTPServerLimits()
      limits.maxConnectionAge = .milliseconds(200)
      limits.drainGrace = .milliseconds(300)
      let (ends, end) = AsyncStream.makeStream(of: Bool.self)
      let endless: HTTPHandler = { _ in
        do { try await Task.sleep(for: .seconds(600)) } catch { end.yield(true) }
        return HTTPResponse(status: 200)
      }
      try await serving(limits: limits, endless) { port in
        for bytes in [
          preface + request(stream: 1), Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8),
        ] {
          _ = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(bytes)
            return try connection.receiveToEnd()
          }
          #expect(await ends.first { _ in true } == true)
        }
      }
    }

    @Test func `costs our client no call`() async throws {
      var limits = HTTPServerLimits()
      limits.maxConnectionAge = .milliseconds(100)
      let handler: HTTPHandler = { _ in
        try await Task.sleep(for: .milliseconds(20))
        return HTTPResponse(status: 200)
      }
      try await serving(limits: limits, handler) { port in
        try await withClient(port: port) { client in
          try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
              group.addTask {
                for _ in 0..<50 {
                  let response = try await client.send(HTTPRequest(method: "POST", target: "/"))
                  #expect(response.status == 200)
                }
              }
            }
            try await group.waitForAll()
          }
        }
      }
    }

    @Test func `ends when a client with a request in flight answers no PING`() async throws {
      var limits = HTTPServerLimits()
      limits.pingInterval = .milliseconds(200)
      limits.pingTimeout = .milliseconds(300)
      let (ends, end) = AsyncStream.makeStream(of: Bool.self)
      let endless: HTTPHandler = { _ in
        do { try await Task.sleep(for: .seconds(600)) } catch { end.yield(true) }
        return HTTPResponse(status: 200)
      }
      try await serving(limits: limits, endless) { port in
        let frames = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(preface + request(stream: 1))
          return try connection.receiveFrames()
        }
        #expect(frames.filter(Self.isPing).count == 1)
        #expect(await ends.first { _ in true } == true)
      }
    }

    @Test func `goes on while a client answers, and asks none that waits for nothing`() async throws
    {
      var limits = HTTPServerLimits()
      limits.pingInterval = .milliseconds(100)
      limits.pingTimeout = .milliseconds(300)
      let slow: HTTPHandler = { _ in
        try await Task.sleep(for: .milliseconds(1500))
        return HTTPResponse(status: 200)
      }
      try await serving(limits: limits, slow) { port in
        try await withClient(port: port) { client in
          let response = try await client.send(HTTPRequest(method: "GET", target: "/"))
          #expect(response.status == 200)
        }
      }
      limits.idleTimeout = .milliseconds(600)
      try await serving(limits: limits, echo) { port in
        let frames = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(preface + request(stream: 1))
          return try connection.receiveFrames(until: { $0.isType(.goAway) })
        }
        // The PING of the end comes after the GOAWAY.
        #expect(!frames.contains(where: Self.isPing))
      }
    }
  }
}
