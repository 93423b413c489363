import Glibc
import HTTPMessage
import HTTPServer
import Synchronization
import Testing

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `A server spoken to in HTTP 2 frames` {
    /// Sends `bytes` and returns the frames that come back, up to the one sought or the end.
    private func exchange(
      _ bytes: [UInt8],
      limits: HTTPServerLimits = HTTPServerLimits(),
      handler: @escaping HTTPHandler = echo,
      until isLast: @escaping @Sendable (ReceivedFrame) -> Bool = { _ in false }
    ) async throws -> [ReceivedFrame] {
      try await serving(limits: limits, handler) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          // The server may end the connection while we still send.
          try? connection.send(preface + bytes)
          return try connection.receiveFrames(until: isLast)
        }
      }
    }

    private func body(of stream: Int32, in frames: [ReceivedFrame]) -> String {
      String(
        decoding: frames.filter { $0.isType(.data) && $0.stream == stream }.flatMap(\.payload),
        as: UTF8.self
      )
    }

    private static func ends(_ stream: Int32) -> @Sendable (ReceivedFrame) -> Bool {
      {
        $0.stream == stream
          && ($0.isType(.resetStream)
            || ($0.isType(.data) || $0.isType(.headers)) && $0.flags & FrameFlag.endStream != 0)
      }
    }

    private static let isReset: @Sendable (ReceivedFrame) -> Bool = { $0.isType(.resetStream) }

    @Test func `answers after a preface that comes byte by byte`() async throws {
      let frames = try await serving(echo) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          for byte in preface + request(stream: 1, ends: false) { try connection.send([byte]) }
          try connection.send(frame(.data, flags: FrameFlag.endStream, stream: 1, Array("hi".utf8)))
          return try connection.receiveFrames(until: Self.ends(1))
        }
      }
      #expect(self.body(of: 1, in: frames) == "hi")
    }

    @Test func `takes host for a missing authority`() async throws {
      let head = headerBlock([
        (":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", "h"),
      ])
      let frames = try await self.exchange(
        frame(.headers, flags: FrameFlag.endHeaders | FrameFlag.endStream, stream: 1, head),
        handler: { HTTPResponse(status: 200, body: Array($0.authority.utf8)) },
        until: Self.ends(1)
      )
      #expect(self.body(of: 1, in: frames) == "h")
    }

    @Test func `asks for the body when the client waits to be asked`() async throws {
      let reply = try await serving(echo) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(
            preface + request(stream: 1, [("expect", "100-continue")], ends: false)
          )
          let asked = try connection.receiveFrames { $0.isType(.headers) }
          #expect(asked.last?.flags == FrameFlag.endHeaders)
          try connection.send(frame(.data, flags: FrameFlag.endStream, stream: 1, [1]))
          return try connection.receiveFrames(until: Self.ends(1))
        }
      }
      #expect(reply.contains { $0.isType(.data) && $0.payload == [1] })
    }

    @Test(arguments: [0, 1])
    func `holds the header list to its limit`(excess: Int) async throws {
      var limits = HTTPServerLimits()
      limits.maxHeaderBytes = 1000
      // Five fields at 32 each, and their names and values.
      let fixed = 5 * 32 + ":methodPOST:schemehttp:path/:authorityxa".utf8.count
      let value = String(repeating: "v", count: 1000 - fixed + excess)
      let frames = try await self.exchange(
        request(stream: 1, [("a", value)]),
        limits: limits,
        until: Self.ends(1)
      )
      #expect(self.body(of: 1, in: frames) == (excess == 0 ? "" : "headerTooLarge"))
    }

    @Test(arguments: [false, true], [0, 1])
    func `holds the body to its limit`(isAnnounced: Bool, excess: Int) async throws {
      var limits = HTTPServerLimits()
      limits.maxBodyBytes = 100
      let fields = isAnnounced ? [("content-length", "\(100 + excess)")] : []
      let data = [UInt8](repeating: 98, count: 100 + excess)
      let frames = try await self.exchange(
        request(stream: 1, fields, ends: false)
          + frame(.data, flags: FrameFlag.endStream, stream: 1, data),
        limits: limits,
        until: Self.ends(1)
      )
      let expected = excess == 0 ? String(repeating: "b", count: 100) : "bodyTooLarge"
      #expect(self.body(of: 1, in: frames) == expected)
    }

    @Test func `rejects by what came of the header`() async throws {
      var limits = HTTPServerLimits()
      limits.maxBodyBytes = 100
      let frames = try await self.exchange(
        request(stream: 1, [("x-request-id", "r1"), ("content-length", "101")], ends: false),
        limits: limits,
        until: Self.isReset
      )
      let head = frames.first { $0.isType(.headers) }?.payload ?? []
      // The name is Huffman coded; so short a value is not shorter that way.
      #expect(String(decoding: head, as: UTF8.self).contains("r1"))
    }

    @Test func `stops the upload of a body that is too large, after the answer`() async throws {
      var limits = HTTPServerLimits()
      limits.maxBodyBytes = 100
      let frames = try await self.exchange(
        request(stream: 1, [("content-length", "101")], ends: false),
        limits: limits,
        until: Self.isReset
      )
      #expect(self.body(of: 1, in: frames) == "bodyTooLarge")
      #expect(frames.last?.errorCode == 0)
    }

    @Test func `holds the unfinished bodies of a connection to a limit of their own`() async throws
    {
      var limits = HTTPServerLimits()
      limits.maxConcurrentStreams = 300
      limits.maxBodyBytes = 65_535
      // A whole stream window each, as much as comes before the first WINDOW_UPDATE.
      let held = (16 << 20) / 65_535 + 1
      let pieces = [16_384, 16_384, 16_384, 16_383].map { [UInt8](repeating: 0, count: $0) }
      let uploads = (0..<280).flatMap { number in
        let stream = Int32(number * 2 + 1)
        return request(stream: stream, ends: false)
          + pieces.flatMap { frame(.data, stream: stream, $0) }
      }
      let frames = try await serving(
        limits: limits,
        { HTTPResponse(status: 200, body: Array("\($0.body.count)".utf8)) }
      ) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(
            preface + uploads + frame(.data, flags: FrameFlag.endStream, stream: 1)
          )
          var answers = 0
          return try connection.receiveFrames {
            if $0.isType(.data) { answers += 1 }
            return answers == 280 - held + 1
          }
        }
      }
      let rejected = frames.filter { $0.isType(.data) && $0.stream != 1 }
      #expect(Set(rejected.map(\.stream)) == Set((held..<280).map { Int32($0 * 2 + 1) }))
      #expect(rejected.allSatisfy { $0.payload == Array("bodyTooLarge".utf8) })
      #expect(self.body(of: 1, in: frames) == "65535")
    }

    @Test func `refuses streams above its limit and serves the others`() async throws {
      var limits = HTTPServerLimits()
      limits.maxConcurrentStreams = 3
      let handler: HTTPHandler = { _ in
        try await Task.sleep(for: .milliseconds(100))
        return HTTPResponse(status: 200, body: Array("ok".utf8))
      }
      let frames = try await serving(limits: limits, handler) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          // A client that has acknowledged the limit and breaks it would lose its connection.
          try connection.send(preface + (0..<4).flatMap { request(stream: Int32($0 * 2 + 1)) })
          var answers = 0
          return try connection.receiveFrames {
            if $0.isType(.data) { answers += 1 }
            return answers == 3
          }
        }
      }
      let refused = frames.filter { $0.isType(.resetStream) }
      #expect(refused.map(\.stream) == [7])
      #expect(refused.first?.errorCode == 7)
      #expect([1, 3, 5].allSatisfy { self.body(of: $0, in: frames) == "ok" })
    }

    @Test func `lets 20,000 rapid resets run no handler and not go on`() async throws {
      let handled = Mutex(0)
      let bytes = (0..<20_000).flatMap { number in
        let stream = Int32(number * 2 + 1)
        return request(stream: stream) + frame(.resetStream, stream: stream, [0, 0, 0, 8])
      }
      let frames = try await self.exchange(
        bytes,
        handler: { _ in
          handled.withLock { $0 += 1 }
          return HTTPResponse(status: 200)
        }
      )
      #expect(frames.last { $0.isType(.goAway) } != nil)
      #expect(handled.withLock { $0 } <= 1100)
    }

    @Test(arguments: [
      FrameType.data, .windowUpdate, .priority, .unknown, .ping, .settings,
    ])
    func `ends a connection that sends frames to no end`(type: FrameType) async throws {
      let one =
        switch type {
        case .data: frame(.data, stream: 1)
        case .windowUpdate: frame(.windowUpdate, [0, 0, 0, 1])
        case .priority: frame(.priority, stream: 3, [0, 0, 0, 0, 16])
        case .ping: frame(.ping, [UInt8](repeating: 0, count: 8))
        default: frame(type)
        }
      let thousand = Array(repeatElement(one, count: 1000).joined())
      let frames = try await serving(echo) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(preface + request(stream: 1, ends: false))
          // Fails once the server has ended the connection.
          for _ in 0..<500 { try? connection.send(thousand) }
          return try connection.receiveFrames()
        }
      }
      #expect(!frames.contains { $0.isType(.data) })
    }

    @Test func `ends a connection whose header block goes on and on`() async throws {
      let piece = headerBlock([("a", String(repeating: "v", count: 8000))])
      let bytes =
        frame(.headers, flags: FrameFlag.endStream, stream: 1, piece)
        + (0..<1000).flatMap { _ in frame(.continuation, stream: 1, piece) }
      // Else the time to read a request would end the connection as well.
      var limits = HTTPServerLimits()
      limits.requestReadTimeout = .seconds(600)
      let handled = Mutex(0)
      _ = try await self.exchange(
        bytes,
        limits: limits,
        handler: { _ in
          handled.withLock { $0 += 1 }
          return HTTPResponse(status: 200)
        }
      )
      #expect(handled.withLock { $0 } == 0)
    }

    @Test func `resets a stream whose small header block unfolds to a large one`() async throws {
      var block = headerBlock([
        (":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "x"),
      ])
      // A literal that is put into the table, then its index again and again: 3.5 MB from 4.5 KB.
      var entry = headerBlock([("a", String(repeating: "v", count: 3500))])
      entry[0] = 0x40
      block += entry + [UInt8](repeating: 0xBE, count: 1000)
      let flags = FrameFlag.endHeaders | FrameFlag.endStream
      let frames = try await self.exchange(
        frame(.headers, flags: flags, stream: 1, block) + request(stream: 3),
        handler: { _ in HTTPResponse(status: 200, body: [1]) },
        until: Self.ends(3)
      )
      #expect(frames.contains { $0.isType(.resetStream) && $0.stream == 1 && $0.errorCode == 2 })
      #expect(!frames.contains { $0.isType(.headers) && $0.stream == 1 })
      #expect(frames.contains { $0.isType(.data) && $0.stream == 3 })
    }

    @Test(arguments: [
      [("connection", "close")], [("transfer-encoding", "chunked")], [("Upper", "x")],
      [(":path", "/twice")], [("content-length", "x")], [("te", "gzip")], [("a", "b\r\nc")],
    ])
    func `resets a stream with a forbidden field and serves the next`(
      fields: [(String, String)]
    ) async throws {
      let frames = try await self.exchange(
        request(stream: 1, fields) + request(stream: 3),
        handler: { _ in HTTPResponse(status: 200, body: [1]) },
        until: Self.ends(3)
      )
      #expect(frames.contains { $0.isType(.resetStream) && $0.stream == 1 })
      #expect(frames.contains { $0.isType(.data) && $0.stream == 3 })
    }

    @Test func `resets a stream whose body is not as long as announced`() async throws {
      let frames = try await self.exchange(
        request(stream: 1, [("content-length", "3")], ends: false)
          + frame(.data, flags: FrameFlag.endStream, stream: 1, [1]),
        until: Self.isReset
      )
      #expect(frames.last?.errorCode == 1)
    }

    @Test func `survives bytes that mean nothing`() async throws {
      var generator = SystemRandomNumberGenerator()
      let rounds = (0..<50).map { _ in
        (0..<2000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      }
      try await serving(echo) { port in
        try await blocking {
          for bytes in rounds {
            let connection = try RawConnection(port: port)
            try? connection.send(preface + bytes)
            connection.endOutput()
            _ = try connection.receiveToEnd()
          }
          let connection = try RawConnection(port: port)
          try connection.send(preface + request(stream: 1))
          let frames = try connection.receiveFrames(until: Self.ends(1))
          #expect(frames.contains { $0.isType(.headers) && $0.stream == 1 })
        }
      }
    }

    @Test func `rejects a body that doesn't come`() async throws {
      var limits = HTTPServerLimits()
      limits.requestReadTimeout = .milliseconds(500)
      let frames = try await self.exchange(
        request(stream: 1, ends: false) + request(stream: 3, ends: false),
        limits: limits,
        until: { $0.isType(.resetStream) && $0.stream == 3 }
      )
      #expect(self.body(of: 1, in: frames) == "readTimeout")
    }

    @Test func `ends a connection whose header block doesn't`() async throws {
      var limits = HTTPServerLimits()
      limits.requestReadTimeout = .milliseconds(500)
      let head = headerBlock([(":method", "GET")])
      let frames = try await self.exchange(
        frame(.headers, flags: FrameFlag.endStream, stream: 1, head),
        limits: limits
      )
      #expect(frames.last?.errorCode == 11)
    }

    @Test func `closes a connection that has nothing to do`() async throws {
      var limits = HTTPServerLimits()
      limits.idleTimeout = .milliseconds(500)
      let frames = try await self.exchange(request(stream: 1), limits: limits)
      #expect(frames.contains { $0.isType(.headers) })
      #expect(frames.last?.errorCode == 0)
    }

    @Test func `closes a connection whose client doesn't read`() async throws {
      var limits = HTTPServerLimits()
      limits.responseWriteTimeout = .milliseconds(300)
      let size = 32 << 20
      let received = try await serving(
        limits: limits,
        { _ in HTTPResponse(status: 200, body: [UInt8](repeating: 0, count: size)) }
      ) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          // SETTINGS_INITIAL_WINDOW_SIZE and the connection's window as large as can be.
          try connection.send(
            preface + frame(.settings, [0, 4, 0x7F, 0xFF, 0xFF, 0xFF])
              + frame(.windowUpdate, [0x7F, 0xFE, 0, 0]) + request(stream: 1)
          )
          usleep(2_000_000)
          // Fails after 15 seconds when the server keeps the connection.
          var count = 0
          while case let more = try connection.receive(), !more.isEmpty { count += more.count }
          return count
        }
      }
      #expect(received > 0)
      #expect(received < size)
    }

    @Test func `cuts off a response that its client doesn't take`() async throws {
      var limits = HTTPServerLimits()
      limits.responseWriteTimeout = .milliseconds(300)
      // SETTINGS_INITIAL_WINDOW_SIZE 0.
      let frames = try await self.exchange(
        frame(.settings, [0, 4, 0, 0, 0, 0]) + request(stream: 1),
        limits: limits,
        handler: { _ in HTTPResponse(status: 200, body: [1]) },
        until: Self.isReset
      )
      #expect(frames.last?.errorCode == 8)
    }
  }
}
