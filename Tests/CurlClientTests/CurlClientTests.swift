import CurlClient
import HTTPMessage
import ScriptedServer
import Testing

@Suite struct `The client for the outside world` {
  private static let hello: @Sendable (HTTPRequest, Int) -> [ScriptedServer.Step] = { _, _ in
    [.response(HTTPResponse(status: 200, fields: ["x-a": "1"], body: Array("hello".utf8)))]
  }

  private func withServer(
    _ script: @escaping @Sendable (HTTPRequest, Int) -> [ScriptedServer.Step] = Self.hello,
    _ body: (ScriptedServer) async throws -> Void
  ) async throws {
    let server = try ScriptedServer(script)
    defer { server.stop() }
    try await body(server)
  }

  private func get(_ server: ScriptedServer, _ target: String = "/") -> HTTPRequest {
    HTTPRequest(method: "GET", authority: server.authority, target: target)
  }

  private func reason(
    _ client: CurlClient,
    _ request: HTTPRequest
  ) async throws -> HTTPTransportError.Reason? {
    do {
      _ = try await client.send(request)
      return nil
    } catch let error as HTTPTransportError {
      return error.reason
    }
  }

  @Test func `a request arrives with its method, target, fields and body`() async throws {
    try await self.withServer { (server) async throws in
      let client = CurlClient()
      let response = try await client.send(
        HTTPRequest(
          method: "POST",
          authority: server.authority,
          target: "/v1/a/../b?c=d%20e",
          fields: ["content-type": "application/json", "x-empty": "", "authorization": "Bearer k"],
          body: Array("{}".utf8)
        )
      )
      #expect(response.status == 200)
      #expect(response.fields["x-a"] == "1")
      #expect(response.body == Array("hello".utf8))
      let request = try #require(server.log.requests.first)
      #expect(request.method == "POST")
      #expect(request.target == "/v1/a/../b?c=d%20e")
      #expect(request.fields["content-type"] == "application/json")
      #expect(request.fields["x-empty"] == "")
      #expect(request.fields["authorization"] == "Bearer k")
      #expect(request.fields["user-agent"] == "netflixgpt/1")
      #expect(request.fields["expect"] == nil)
      #expect(request.body == Array("{}".utf8))
    }
  }

  @Test(arguments: ["GET", "POST", "PUT", "DELETE"])
  func `a method without a body arrives`(method: String) async throws {
    try await self.withServer { (server) async throws in
      var request = self.get(server)
      request.method = method
      #expect(try await CurlClient().send(request).status == 200)
      #expect(server.log.requests.map(\.method) == [method])
      #expect(server.log.requests.first?.fields["content-type"] == nil)
    }
  }

  @Test func `a large body arrives whole`() async throws {
    try await self.withServer { (server) async throws in
      var request = self.get(server)
      request.method = "POST"
      request.body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
      #expect(try await CurlClient().send(request).status == 200)
      #expect(server.log.requests.first?.body == request.body)
    }
  }

  @Test func `requests after each other share one connection`() async throws {
    try await self.withServer { (server) async throws in
      let client = CurlClient()
      for _ in 0..<10 { #expect(try await client.send(self.get(server)).status == 200) }
      #expect(server.log.connections == 1)
    }
  }

  @Test(arguments: [(true, 2), (false, 3)])
  func `a request whose kept connection dies is repeated, unless it may be sent once only`(
    isSentOnce: Bool,
    requests: Int
  ) async throws {
    try await self.withServer({ _, number in
      number == 1 ? [.close] : [.response(HTTPResponse(status: 200))]
    }) { (server) async throws in
      let client = CurlClient()
      #expect(try await client.send(self.get(server)).status == 200)
      var request = self.get(server)
      request.method = "POST"
      request.isSentOnce = isSentOnce
      let outcome = try? await client.send(request).status
      #expect(outcome == (isSentOnce ? nil : 200))
      #expect(server.log.requests.count == requests)
    }
  }

  @Test func `requests at the same time get their own answers`() async throws {
    try await self.withServer({ request, _ in
      [
        .pause(.milliseconds(5)),
        .response(HTTPResponse(status: 200, body: Array(request.target.utf8))),
      ]
    }) { (server) async throws in
      let client = CurlClient()
      try await withThrowingTaskGroup(of: (Int, HTTPResponse).self) { group in
        for number in 0..<40 {
          group.addTask { (number, try await client.send(self.get(server, "/\(number)"))) }
        }
        for try await (number, response) in group {
          #expect(response.body == Array("/\(number)".utf8))
        }
      }
    }
  }

  @Test func `a cancelled request ends at once and gives its connection up`() async throws {
    try await self.withServer({ _, _ in [.hang] }) { (server) async throws in
      let client = CurlClient()
      let start = ContinuousClock.now
      await #expect(throws: CancellationError.self) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { _ = try await client.send(self.get(server)) }
          while server.log.requests.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
          group.cancelAll()
          try await group.waitForAll()
        }
      }
      while server.log.abandoned == 0 { try await Task.sleep(for: .milliseconds(2)) }
      #expect(ContinuousClock.now - start < .seconds(5))
    }
  }

  @Test func `a request that hangs holds up no other one`() async throws {
    try await self.withServer({ request, _ in
      request.target == "/hang" ? [.hang] : [.response(HTTPResponse(status: 200))]
    }) { (server) async throws in
      let client = CurlClient()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try? await client.send(self.get(server, "/hang")) }
        for _ in 0..<5 {
          group.addTask {
            let response = try await client.send(self.get(server, "/"))
            #expect(response.status == 200)
          }
        }
        for _ in 0..<5 { try await group.next() }
        group.cancelAll()
      }
    }
  }

  @Test func `a task cancelled beforehand sends nothing`() async throws {
    try await self.withServer { (server) async throws in
      let client = CurlClient()
      await withTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask {
          await #expect(throws: CancellationError.self) { try await client.send(self.get(server)) }
        }
      }
      #expect(server.log.requests.isEmpty)
    }
  }

  @Test func `many cancellations at random moments leave the others unharmed`() async throws {
    try await self.withServer({ _, _ in
      [.pause(.milliseconds(1)), .response(HTTPResponse(status: 200))]
    }) { (server) async throws in
      let client = CurlClient()
      await withTaskGroup(of: Bool.self) { group in
        for number in 0..<200 {
          group.addTask {
            await withTaskGroup(of: Bool.self) { inner in
              inner.addTask { (try? await client.send(self.get(server)).status) == 200 }
              if number.isMultiple(of: 2) {
                await Task.yield()
                inner.cancelAll()
                _ = await inner.next()
                return true
              }
              return await inner.next() ?? false
            }
          }
        }
        for await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test func `where nobody listens is unreachable, and sending again is safe`() async throws {
    let authority = "127.0.0.1:\(try ScriptedServer.closedPort())"
    let error = await #expect(throws: HTTPTransportError.self) {
      try await CurlClient().send(HTTPRequest(method: "GET", authority: authority, target: "/"))
    }
    #expect(error?.reason == .unreachable)
    #expect(error?.isSafeToResend == true)
    #expect(error?.isUnsent == true)
  }

  @Test func `a name that doesn't exist is unreachable`() async throws {
    let request = HTTPRequest(method: "GET", authority: "no-such-host.invalid", target: "/")
    #expect(try await self.reason(CurlClient(), request) == .unreachable)
  }

  @Test func `a peer that accepts and never speaks TLS is given up`() async throws {
    try await self.withServer { (server) async throws in
      var configuration = CurlClient.Configuration()
      configuration.connectTimeout = .milliseconds(100)
      var request = self.get(server)
      request.scheme = "https"
      #expect(
        try await self.reason(CurlClient(configuration: configuration), request) == .unreachable
      )
    }
  }

  @Test(arguments: [
    [], Array("HTTP/1.1 200 OK\r\ncontent-le".utf8),
    Array("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".utf8),
    Array("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhal".utf8),
  ])
  func `an answer cut off is an interruption`(bytes: [UInt8]) async throws {
    try await self.withServer({ _, _ in [.bytes(bytes), .close] }) { (server) async throws in
      #expect(try await self.reason(CurlClient(), self.get(server)) == .interrupted)
    }
  }

  @Test func `an answer that isn't HTTP breaks the protocol`() async throws {
    try await self.withServer({ _, _ in [.bytes(Array("SSH-2.0-x\r\n\r\n".utf8)), .close] }) {
      (server) async throws in
      let error = await #expect(throws: HTTPTransportError.self) {
        try await CurlClient().send(self.get(server))
      }
      #expect(error?.reason == .protocolError)
      #expect(error?.isUnsent == false)
    }
  }

  @Test(arguments: [(999, nil), (1000, nil), (1001, HTTPTransportError.Reason.responseTooLarge)])
  func `a body may be as large as the limit`(
    size: Int,
    expected: HTTPTransportError.Reason?
  ) async throws {
    try await self.withServer({ _, _ in
      [.response(HTTPResponse(status: 200, body: Array(repeating: 7, count: size)))]
    }) { (server) async throws in
      var configuration = CurlClient.Configuration()
      configuration.maxResponseBytes = 1000
      let client = CurlClient(configuration: configuration)
      #expect(try await self.reason(client, self.get(server)) == expected)
    }
  }

  @Test func `a header without end is too large`() async throws {
    try await self.withServer({ _, _ in
      let lines = (0..<3000).map { "x-\($0): \(String(repeating: "a", count: 40))\r\n" }
      return [.bytes(Array("HTTP/1.1 200 OK\r\n\(lines.joined())".utf8)), .hang]
    }) { (server) async throws in
      #expect(try await self.reason(CurlClient(), self.get(server)) == .responseTooLarge)
    }
  }

  @Test func `a redirect is an answer and not followed`() async throws {
    try await self.withServer({ _, _ in
      [.response(HTTPResponse(status: 302, fields: ["location": "/elsewhere"]))]
    }) { (server) async throws in
      let response = try await CurlClient().send(self.get(server))
      #expect(response.status == 302)
      #expect(response.fields["location"] == "/elsewhere")
      #expect(server.log.requests.count == 1)
    }
  }

  @Test func `fields of an interim response are not the response's`() async throws {
    try await self.withServer({ _, _ in
      [
        .bytes(Array("HTTP/1.1 103 Early Hints\r\nx-early: 1\r\n\r\n".utf8)),
        .response(HTTPResponse(status: 200, fields: ["x-late": " 2 "])),
      ]
    }) { (server) async throws in
      let response = try await CurlClient().send(self.get(server))
      #expect(response.status == 200)
      #expect(response.fields["x-early"] == nil)
      #expect(response.fields["x-late"] == "2")
    }
  }

  @Test(arguments: [
    ("ftp", "127.0.0.1", "/", "GET", "a"), ("file", "127.0.0.1", "/etc/passwd", "GET", "a"),
    ("http", "user@127.0.0.1", "/", "GET", "a"), ("http", "127.0.0.1/x", "/", "GET", "a"),
    ("http", "", "/", "GET", "a"), ("http", "127.0.0.1", "x", "GET", "a"),
    ("http", "127.0.0.1", "/a b", "GET", "a"), ("http", "127.0.0.1", "/a\r\nx: y", "GET", "a"),
    ("http", "127.0.0.1", "/", "GET /x", "a"), ("http", "127.0.0.1", "/", "", "a"),
    ("http", "127.0.0.1", "/", "GET", "a\r\nx: y"), ("http", "127.0.0.1", "/", "GET", "a\0b"),
  ])
  func `a request that could mean another one is not sent`(
    scheme: String,
    authority: String,
    target: String,
    method: String,
    value: String
  ) async throws {
    let request = HTTPRequest(
      method: method,
      scheme: scheme,
      authority: authority,
      target: target,
      fields: ["x-value": value]
    )
    #expect(try await self.reason(CurlClient(), request) == .unreachable)
  }

  @Test func `closing ends what is under way and refuses what comes later`() async throws {
    try await self.withServer({ _, _ in [.hang] }) { (server) async throws in
      let client = CurlClient()
      async let pending = self.reason(client, self.get(server))
      while server.log.requests.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
      client.close()
      #expect(try await pending == .interrupted)
      #expect(try await self.reason(client, self.get(server)) == .unreachable)
      client.close()
    }
  }
}
