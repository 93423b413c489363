import HTTPMessage
import HTTPServer
import Synchronization
import Testing

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `A server that is asked about requests before it reads their bodies` {
    /// Serves with a door that refuses what has a field "x-refuse", and notes what it lets through.
    private func exchange(
      _ bytes: [UInt8],
      until isLast: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws -> (bytes: [UInt8], handled: Int) {
      let handled = Mutex(0)
      var configuration = HTTPServerConfiguration(
        host: "127.0.0.1",
        port: 0,
        rejection: rejection
      )
      configuration.admit = { request in
        guard request.fields["x-refuse"] == nil else {
          return HTTPResponse(status: 401, body: Array("who?".utf8))
        }
        request.admission = HTTPAdmission(caller: request.peer)
        return nil
      }
      let handler: HTTPHandler = { request in
        handled.withLock { $0 += 1 }
        let caller = request.admission?.caller ?? "nobody"
        return HTTPResponse(status: 200, body: Array(caller.utf8) + request.body)
      }
      let received = try await withHTTPServer(configuration, handler: handler) { address in
        try await blocking {
          let connection = try RawConnection(port: address.port)
          try connection.send(bytes)
          var received: [UInt8] = []
          while !isLast(received), case let more = try connection.receive(), !more.isEmpty {
            received += more
          }
          return received
        }
      }
      return (received, handled.withLock { $0 })
    }

    private func exchange(
      _ text: String,
      until end: String = "\u{0}"
    ) async throws -> (text: String, handled: Int) {
      let result = try await self.exchange(Array(text.utf8)) { received in
        String(decoding: received, as: UTF8.self).contains(end)
      }
      return (String(decoding: result.bytes, as: UTF8.self), result.handled)
    }

    @Test func `answers over HTTP 1 while the body has not come`() async throws {
      let (text, handled) = try await self.exchange(
        "POST / HTTP/1.1\r\nHost: x\r\nX-Refuse: 1\r\nContent-Length: 1000000\r\n\r\n"
      )
      #expect(text.hasPrefix("HTTP/1.1 401 "))
      #expect(text.contains("connection: close"))
      #expect(handled == 0)
    }

    @Test(arguments: ["Expect: 100-continue\r\nContent-Length: 2", "Transfer-Encoding: chunked"])
    func `closes where it can't tell what of the body will come`(fields: String) async throws {
      let (text, handled) = try await self.exchange(
        "POST / HTTP/1.1\r\nHost: x\r\nX-Refuse: 1\r\n\(fields)\r\n\r\n"
      )
      #expect(text.hasPrefix("HTTP/1.1 401 "))
      #expect(!text.contains("100 Continue"))
      #expect(handled == 0)
    }

    @Test func `passes over a small body and serves the next request of the connection`()
      async throws
    {
      let (text, handled) = try await self.exchange(
        "POST / HTTP/1.1\r\nHost: x\r\nX-Refuse: 1\r\nContent-Length: 2\r\n\r\nhi"
          + "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nyou"
      )
      #expect(text.hasPrefix("HTTP/1.1 401 "))
      #expect(text.hasSuffix("127.0.0.1you"))
      #expect(handled == 1)
    }

    @Test func `answers over HTTP 2 and stops the upload without an error`() async throws {
      let head = request(
        stream: 1,
        [("x-refuse", "1"), ("content-length", "1000000")],
        ends: false
      )
      let (bytes, handled) = try await self.exchange(preface + head) { received in
        received.firstRange(of: frame(.resetStream, stream: 1, [0, 0, 0, 0])) != nil
      }
      #expect(bytes.firstRange(of: Array("who?".utf8)) != nil)
      #expect(handled == 0)
    }

    @Test func `serves over HTTP 2 what it lets through`() async throws {
      let (bytes, handled) = try await self.exchange(preface + request(stream: 1)) { received in
        received.firstRange(of: Array("127.0.0.1".utf8)) != nil
      }
      #expect(!bytes.isEmpty)
      #expect(handled == 1)
    }
  }
}
