import HTTPMessage
import HTTPServer
import Testing

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `A handler at work` {
    /// Starts one slow request by `request`, lets its client `leave`, and tells whether the handler
    /// was cancelled.
    private func isCancelled(
      sending bytes: [UInt8],
      closing: Bool = true,
      leave: @escaping @Sendable (RawConnection) throws -> Void = { _ in }
    ) async throws -> Bool {
      let (started, begin) = AsyncStream.makeStream(of: Void.self)
      let (ended, end) = AsyncStream.makeStream(of: Bool.self)
      let handler: HTTPHandler = { _ in
        begin.yield()
        try? await Task.sleep(for: .seconds(30))
        end.yield(Task.isCancelled)
        return HTTPResponse(status: 200)
      }
      return try await serving(handler) { port in
        let connection = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(bytes)
          return OpenConnection(connection)
        }
        defer { connection.close() }
        for await _ in started.prefix(1) {}
        try await blocking { try leave(connection.value) }
        if closing { connection.close() }
        return await ended.first { _ in true } ?? false
      }
    }

    /// Hands one connection from thread to thread.
    private final class OpenConnection: @unchecked Sendable {  // One step uses it at a time.
      private var connection: RawConnection?
      init(_ connection: RawConnection) { self.connection = connection }
      var value: RawConnection {
        get throws { try #require(self.connection) }
      }
      func close() { self.connection = nil }
    }

    @Test func `is cancelled when its HTTP 1 client is gone`() async throws {
      let bytes = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
      #expect(try await self.isCancelled(sending: bytes))
    }

    @Test func `is cancelled when its HTTP 2 client is gone`() async throws {
      #expect(try await self.isCancelled(sending: preface + request(stream: 1)))
    }

    @Test func `is cancelled when its stream is reset`() async throws {
      let isCancelled = try await self.isCancelled(
        sending: preface + request(stream: 1),
        closing: false
      ) {
        try $0.send(frame(.resetStream, stream: 1, [0, 0, 0, 8]))
      }
      #expect(isCancelled)
    }
  }
}
