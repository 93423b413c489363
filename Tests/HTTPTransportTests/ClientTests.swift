import HTTPClient
import HTTPMessage
import HTTPServer
import NIOCore
import NIOPosix
import Synchronization
import Testing

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `A client and a server over HTTP 2` {
    private let post = HTTPRequest(method: "POST", target: "/a?b=c", body: Array("hi".utf8))

    @Test func `exchange method, target, authority, fields and body`() async throws {
      let handler: HTTPHandler = { request in
        var response = try await echo(request)
        response.fields.append("x-content-length", request.fields["content-length"] ?? "none")
        response.fields.append("x-custom", request.fields["custom"] ?? "none")
        return response
      }
      try await serving(handler) { port in
        try await withClient(port: port) { client in
          var request = self.post
          request.fields.append("custom", "value")
          request.fields.append("connection", "close")
          let response = try await client.send(request)
          #expect(response.status == 200)
          #expect(
            response.fields == [
              "x-method": "POST", "x-target": "/a?b=c", "x-authority": "127.0.0.1:\(port)",
              "x-content-length": "2", "x-custom": "value", "content-length": "2",
            ]
          )
          #expect(response.text == "hi")
        }
      }
    }

    @Test(arguments: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
    func `know every method, without a body`(method: String) async throws {
      try await serving({ _ in HTTPResponse(status: 200, body: [1, 2, 3]) }) { port in
        try await withClient(port: port) { client in
          let response = try await client.send(HTTPRequest(method: method, target: "/"))
          #expect(response.fields["content-length"] == "3")
          #expect(response.body == (method == "HEAD" ? [] : [1, 2, 3]))
        }
      }
    }

    @Test(arguments: [204, 304])
    func `know of responses that have no body`(status: Int) async throws {
      try await serving({ _ in HTTPResponse(status: status, body: [1]) }) { port in
        try await withClient(port: port) { client in
          let response = try await client.send(self.post)
          #expect(response == HTTPResponse(status: status))
        }
      }
    }

    @Test func `carry large bodies both ways at once`() async throws {
      let body = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
      try await serving(echo) { port in
        try await withClient(port: port) { client in
          try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<40 {
              group.addTask {
                let request = HTTPRequest(method: "POST", target: "/", body: body)
                return try await client.send(request).body == body
              }
            }
            for try await isSame in group { #expect(isSame) }
          }
        }
      }
    }

    @Test func `queue requests above the server's limit`() async throws {
      let atOnce = Mutex((now: 0, most: 0))
      let handler: HTTPHandler = { request in
        atOnce.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
        defer { atOnce.withLock { $0.now -= 1 } }
        try await Task.sleep(for: .milliseconds(20))
        return HTTPResponse(status: 200, body: request.body)
      }
      try await serving(handler) { port in
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let client = HTTP2Client(host: "127.0.0.1", port: port, group: group)
        let answers = try await withThrowingTaskGroup(of: Int.self) { tasks in
          for number in 0..<1000 {
            tasks.addTask {
              let body = Array("\(number)".utf8)
              let response = try await client.send(
                HTTPRequest(method: "POST", target: "/", body: body)
              )
              return response.body == body ? 1 : 0
            }
          }
          return try await tasks.reduce(0, +)
        }
        #expect(answers == 1000)
        await client.close()
        try await group.shutdownGracefully()
      }
      let most = atOnce.withLock { $0.most }
      #expect(most == 250)
    }

    @Test func `stay on the loop of the caller`() async throws {
      let inner: HTTPHandler = { _ in
        HTTPResponse(status: 200, body: Array("\(threadIdentity())".utf8))
      }
      try await serving(inner) { innerPort in
        try await withClient(port: innerPort) { innerClient in
          let outer: HTTPHandler = { request in
            let before = threadIdentity()
            for _ in 0..<20 { _ = try await innerClient.send(request) }
            return HTTPResponse(status: before == threadIdentity() ? 200 : 500)
          }
          try await serving(outer) { port in
            try await withClient(port: port) { client in
              let response = try await client.send(self.post)
              #expect(response.status == 200)
            }
          }
        }
      }
    }

    @Test func `end a call as soon as its task is cancelled, on both sides`() async throws {
      let (started, begin) = AsyncStream.makeStream(of: Void.self)
      let (ended, end) = AsyncStream.makeStream(of: Bool.self)
      let handler: HTTPHandler = { _ in
        begin.yield()
        do { try await Task.sleep(for: .seconds(60)) } catch {}
        end.yield(Task.isCancelled)
        return HTTPResponse(status: 200)
      }
      try await serving(handler) { port in
        try await withClient(port: port) { client in
          let call = Task { try await client.send(self.post) }
          for await _ in started.prefix(1) {}
          call.cancel()
          await #expect(throws: CancellationError.self) { try await call.value }
          for await wasCancelled in ended.prefix(1) { #expect(wasCancelled) }
        }
      }
    }

    @Test func `send nothing for a task that was cancelled before`() async throws {
      let count = Mutex(0)
      let handler: HTTPHandler = { _ in
        count.withLock { $0 += 1 }
        return HTTPResponse(status: 200)
      }
      try await serving(handler) { port in
        try await withClient(port: port) { client in
          let call = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(self.post)
          }
          await #expect(throws: CancellationError.self) { try await call.value }
          _ = try await client.send(self.post)
        }
      }
      let sent = count.withLock { $0 }
      #expect(sent == 1)
    }

    @Test(arguments: [1000, 1001])
    func `hold responses to the client's limit`(size: Int) async throws {
      var configuration = HTTP2ClientConfiguration()
      configuration.maxResponseBytes = 1000
      let handler: HTTPHandler = { _ in
        HTTPResponse(status: 200, body: [UInt8](repeating: 0, count: size))
      }
      try await serving(handler) { port in
        try await withClient(port: port, configuration: configuration) { client in
          guard size > 1000 else {
            let response = try await client.send(self.post)
            #expect(response.body.count == size)
            return
          }
          let error = await #expect(throws: HTTPTransportError.self) {
            try await client.send(self.post)
          }
          #expect(error?.reason == .responseTooLarge)
          #expect(error?.isSafeToResend == false)
        }
      }
    }

    @Test func `answer 500 when the handler throws`() async throws {
      struct Broken: Error {}
      try await serving({ _ in throw Broken() }) { port in
        try await withClient(port: port) { client in
          let response = try await client.send(self.post)
          #expect(response.status == 500)
        }
      }
    }
  }
}
