import Glibc
import HTTPMessage
import HTTPServer
import Testing

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `A server spoken to in HTTP 1` {
    /// Sends `text` and returns all that comes back until the server ends the connection.
    private func exchange(
      _ text: String,
      limits: HTTPServerLimits = HTTPServerLimits(),
      endingOutput: Bool = false,
      handler: @escaping HTTPHandler = echo
    ) async throws -> String {
      try await serving(limits: limits, handler) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(text)
          if endingOutput { connection.endOutput() }
          return try connection.receiveToEnd()
        }
      }
    }

    @Test func `answers with status, fields and body, and closes when asked to`() async throws {
      let reply = try await self.exchange(
        "POST /a?b=c HTTP/1.1\r\nHost: x:1\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
      )
      #expect(
        reply == """
          HTTP/1.1 200 OK\r
          x-method: POST\r
          x-target: /a?b=c\r
          x-authority: x:1\r
          content-length: 2\r
          connection: close\r
          \r
          hi
          """
      )
    }

    @Test func `answers pipelined requests in their order`() async throws {
      let reply = try await self.exchange(
        (0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
          + "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        handler: { request in
          // The later ones would be done first.
          if request.target == "/0" { try await Task.sleep(for: .milliseconds(30)) }
          return HTTPResponse(status: 200, body: Array("<\(request.target)>".utf8))
        }
      )
      let expected = (0..<50).map { "</\($0)>" } + ["</last>"]
      let answers = reply.split(separator: "<").dropFirst().map {
        "<" + $0.prefix { $0 != ">" } + ">"
      }
      #expect(answers == expected)
    }

    @Test func `takes 129 requests at once and no more`() async throws {
      let reply = try await self.exchange(
        (0..<3000).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined(),
        handler: { request in
          if request.target == "/0" { try await Task.sleep(for: .milliseconds(200)) }
          return HTTPResponse(status: 200, body: Array("<\(request.target)>".utf8))
        }
      )
      let answers = reply.split(separator: "<").dropFirst().map { $0.prefix { $0 != ">" } }
      #expect(answers == (0..<129).map { "/\($0)" })
      #expect(reply.lowercased().split(separator: "connection: close").count == 2)
    }

    @Test func `reads a chunked body`() async throws {
      let reply = try await self.exchange(
        """
        POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r
        3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n
        """
      )
      #expect(reply.hasSuffix("\r\n\r\nabcdefg"))
    }

    @Test func `sends no body for HEAD, but its length`() async throws {
      let reply = try await self.exchange(
        "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        handler: { _ in HTTPResponse(status: 200, body: [1, 2, 3]) }
      )
      #expect(reply.contains("content-length: 3\r\n"))
      #expect(reply.hasSuffix("\r\n\r\n"))
    }

    @Test func `asks for the body when the client waits to be asked`() async throws {
      let reply = try await serving(echo) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(
            "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n"
              + "Content-Length: 2\r\n\r\n"
          )
          let asked = try connection.receive(until: "\r\n\r\n")
          try connection.send("ok")
          return try asked + connection.receiveToEnd()
        }
      }
      #expect(reply.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
      #expect(reply.hasSuffix("ok"))
    }

    @Test func `answers a client that has ended its side`() async throws {
      let reply = try await self.exchange(
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        endingOutput: true,
        handler: { _ in
          try await Task.sleep(for: .milliseconds(50))
          return HTTPResponse(status: 200, body: Array("late".utf8))
        }
      )
      #expect(reply.hasSuffix("late"))
    }

    @Test func `speaks HTTP 1.0, closing unless told otherwise`() async throws {
      let reply = try await self.exchange("GET / HTTP/1.0\r\n\r\n")
      #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(reply.contains("connection: close\r\n"))
    }

    @Test func `takes no notice of an upgrade to h2c`() async throws {
      let reply = try await self.exchange(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
          + "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n"
      )
      #expect(reply.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(reply.contains("connection: close\r\n"))
    }

    @Test func `answers 500 without a body when the handler throws`() async throws {
      struct Broken: Error {}
      let reply = try await self.exchange(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        handler: { _ in throw Broken() }
      )
      #expect(reply.hasPrefix("HTTP/1.1 500 "))
      #expect(reply.contains("content-length: 0\r\n"))
    }

    @Test func `lets no response field write another`() async throws {
      let reply = try await self.exchange(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        handler: { _ in
          HTTPResponse(
            status: 200,
            fields: ["x-a": "1\r\nx-evil: 1", "transfer-encoding": "chunked", "x-b": "2"]
          )
        }
      )
      #expect(!reply.contains("evil"))
      #expect(!reply.contains("transfer-encoding"))
      #expect(reply.contains("x-b: 2\r\n"))
    }

    @Test(arguments: [
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, foo\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/2.7\r\nHost: x\r\n\r\n",
      "BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
      "\u{1}\u{2}\u{3}\u{4}\r\n\r\n",
      "PRI * HTTP/1.1\r\nHost: x\r\n\r\n",
    ])
    func `refuses what could be read in two ways`(request: String) async throws {
      let reply = try await self.exchange(request)
      #expect(reply.hasPrefix("HTTP/1.1 400 "), "\(reply)")
      #expect(reply.contains("connection: close\r\n"))
    }

    @Test(arguments: [0, 1])
    func `holds the header block to its limit`(excess: Int) async throws {
      var limits = HTTPServerLimits()
      limits.maxHeaderBytes = 1000
      // The target, names and values count: "/", "host", "x", "connection", "close", "a".
      let value = String(repeating: "v", count: 1000 - 1 - 4 - 1 - 10 - 5 - 1 + excess)
      let reply = try await self.exchange(
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\na: \(value)\r\n\r\n",
        limits: limits
      )
      #expect(reply.hasPrefix(excess == 0 ? "HTTP/1.1 200 " : "HTTP/1.1 431 "))
    }

    @Test func `refuses a target that is too long`() async throws {
      let reply = try await self.exchange(
        "GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: x\r\n\r\n"
      )
      #expect(reply.hasPrefix("HTTP/1.1 431 "))
      #expect(reply.hasSuffix("headerTooLarge"))
    }

    @Test(arguments: [false, true], [0, 1])
    func `holds the body to its limit`(isChunked: Bool, excess: Int) async throws {
      var limits = HTTPServerLimits()
      limits.maxBodyBytes = 100
      let body = String(repeating: "b", count: 100 + excess)
      let framed =
        isChunked
        ? "Transfer-Encoding: chunked\r\n\r\n32\r\n\(body.prefix(50))\r\n"
          + "\(String(50 + excess, radix: 16))\r\n\(body.dropFirst(50))\r\n0\r\n\r\n"
        : "Content-Length: \(100 + excess)\r\n\r\n\(body)"
      let reply = try await self.exchange(
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(framed)",
        limits: limits
      )
      #expect(reply.hasPrefix(excess == 0 ? "HTTP/1.1 200 " : "HTTP/1.1 413 "))
    }

    @Test(arguments: [
      "POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: r1\r\nContent-Length: 101\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: r1\r\nContent-Length: 9\r\n\r\n",
      "POST / HTTP/1.1\r\nX-Request-Id: r1\r\nContent-Length: 9\r\n\r\n",
    ])
    func `rejects by what came of the header`(request: String) async throws {
      var limits = HTTPServerLimits()
      limits.maxBodyBytes = 100
      limits.requestReadTimeout = .milliseconds(500)
      let reply = try await self.exchange(request, limits: limits)
      #expect(reply.hasPrefix("HTTP/1.1 4"))
      #expect(reply.contains("x-request-id: r1\r\n"))
    }

    @Test(arguments: ["GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n", "P"])
    func `gives up on a head that doesn't end`(start: String) async throws {
      var limits = HTTPServerLimits()
      limits.requestReadTimeout = .milliseconds(500)
      let reply = try await self.exchange(start, limits: limits)
      #expect(reply.isEmpty || reply.hasPrefix("HTTP/1.1 408 "))
    }

    @Test func `gives up on a body that comes a byte at a time`() async throws {
      var limits = HTTPServerLimits()
      limits.requestReadTimeout = .milliseconds(500)
      let reply = try await serving(limits: limits, echo) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
          // Fails once the server has ended the connection.
          for _ in 0..<100 where (try? connection.send("b")) != nil { usleep(10_000) }
          return try connection.receiveToEnd()
        }
      }
      #expect(reply.hasPrefix("HTTP/1.1 408 "))
    }

    @Test func `closes a connection that has nothing to do`() async throws {
      var limits = HTTPServerLimits()
      limits.idleTimeout = .milliseconds(500)
      let reply = try await self.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n", limits: limits)
      #expect(reply.hasPrefix("HTTP/1.1 200 "))
      #expect(!reply.contains("connection: close"))
      #expect(try await self.exchange("", limits: limits).isEmpty)
    }

    @Test func `gives the first connection its whole time, however long there was none`()
      async throws
    {
      var limits = HTTPServerLimits()
      limits.idleTimeout = .seconds(2)
      let reply = try await serving(limits: limits, echo) { port in
        try await blocking {
          usleep(2_200_000)
          let connection = try RawConnection(port: port)
          usleep(500_000)
          try connection.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
          return try connection.receiveToEnd()
        }
      }
      #expect(reply.hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `closes connections above its limit`() async throws {
      var limits = HTTPServerLimits()
      limits.maxConnections = 2
      try await serving(limits: limits, echo) { port in
        try await blocking {
          let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
          let first = try RawConnection(port: port)
          let second = try RawConnection(port: port)
          for connection in [first, second] {
            try connection.send(request)
            #expect(try connection.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200 "))
          }
          let third = try RawConnection(port: port)
          #expect(try third.receive().isEmpty)
          first.endOutput()
          #expect(try first.receiveToEnd().isEmpty)
          // The server may take the next connection before it has put the first one away.
          var reply = ""
          for _ in 0..<100 where reply.isEmpty {
            let next = try RawConnection(port: port)
            try? next.send(request)
            reply = try next.receive(until: "\r\n\r\n")
          }
          #expect(reply.hasPrefix("HTTP/1.1 200 "))
        }
      }
    }
  }
}
