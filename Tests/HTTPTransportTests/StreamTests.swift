import HTTPClient
import HTTPMessage
import HTTPServer
import Synchronization
import Testing

/// A request for a streamed response.
private let streamed = {
  var request = HTTPRequest(method: "POST", target: "/")
  request.wantsStream = true
  return request
}()

private func text(_ bytes: [UInt8]?) -> String? {
  bytes.map { String(decoding: $0, as: UTF8.self) }
}

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `A streamed response` {
    @Test func `comes over HTTP/2 piece by piece, then its trailers`() async throws {
      let tap = Tap()
      try await serving({ _ in tap.response }) { port in
        try await withClient(port: port) { client in
          let response = try await client.send(streamed)
          let body = try #require(response.stream)
          #expect(response.status == 200)
          #expect(response.fields["content-length"] == nil)
          for piece in ["one", "two", "three"] {
            tap.give(piece)
            #expect(text(try await body.next()) == piece)
          }
          tap.end(.success(["grpc-status": "0"]))
          #expect(try await body.next() == nil)
          #expect(body.trailers["grpc-status"] == "0")
          #expect(try await body.next() == nil)
        }
      }
    }

    @Test func `comes over HTTP/1.1 in chunks, and the connection goes on`() async throws {
      let tap = Tap()
      let handler: HTTPHandler = { $0.target == "/" ? tap.response : HTTPResponse(status: 204) }
      try await serving(handler) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
          let head = try connection.receive(until: "\r\n\r\n")
          #expect(head.contains("transfer-encoding: chunked\r\n"))
          #expect(!head.contains("content-length"))
          tap.give("one")
          #expect(try connection.receive(until: "one\r\n") == "3\r\none\r\n")
          tap.give("twelve bytes")
          #expect(try connection.receive(until: "bytes\r\n") == "c\r\ntwelve bytes\r\n")
          tap.end(.success(["x-sum": "15"]))
          #expect(try connection.receive(until: "\r\n\r\n") == "0\r\nx-sum: 15\r\n\r\n")
          try connection.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
          #expect(try connection.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
        }
      }
    }

    @Test func `ends with the connection for HTTP/1.0`() async throws {
      let tap = Tap()
      tap.give("all ")
      tap.give("of it")
      tap.end()
      try await serving({ _ in tap.response }) { port in
        let reply = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
          return try connection.receiveToEnd()
        }
        #expect(reply.contains("connection: close\r\n"))
        #expect(!reply.contains("chunked"))
        #expect(reply.hasSuffix("\r\n\r\nall of it"))
      }
    }

    @Test func `has no body for HEAD, and its maker is told`() async throws {
      let taps = [Tap(), Tap()]
      try await serving({ $0.target == "/0" ? taps[0].response : taps[1].response }) { port in
        try await withClient(port: port) { client in
          var request = HTTPRequest(method: "HEAD", target: "/0")
          request.wantsStream = true
          let response = try await client.send(request)
          #expect(try await response.stream?.next() == nil)
        }
        let head = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send("HEAD /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
          return try connection.receiveToEnd()
        }
        #expect(head.hasSuffix("connection: close\r\n\r\n"))
        for tap in taps { #expect(await tap.cancellation()) }
      }
    }

    @Test func `is whole for a client that does not ask for a stream`() async throws {
      let tap = Tap()
      for _ in 0..<3 { tap.give("abc") }
      tap.end(.success(["x-sum": "9"]))
      try await serving({ _ in tap.response }) { port in
        try await withClient(port: port) { client in
          let response = try await client.send(HTTPRequest(method: "GET", target: "/"))
          #expect(response.text == "abcabcabc")
          #expect(response.trailers["x-sum"] == "9")
        }
      }
    }

    @Test func `may be collected, up to a limit`() async throws {
      let handler: HTTPHandler = { _ in HTTPResponse(status: 200, body: Array("12345".utf8)) }
      try await serving(handler) { port in
        try await withClient(port: port) { client in
          let whole = try await client.send(streamed).collected(limit: 5)
          #expect(whole.text == "12345")
          let other = try await client.send(streamed)
          await #expect(throws: HTTPTransportError.self) { try await other.collected(limit: 4) }
        }
      }
    }

    @Test func `keeps every byte of ten megabytes`() async throws {
      let count = Mutex(0)
      let piece = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let handler: HTTPHandler = { _ in
        var response = HTTPResponse(status: 200)
        response.stream = HTTPBodyStream(
          next: {
            let isOver = count.withLock { count in
              count += 1
              return count > 100
            }
            return isOver ? nil : piece
          },
          cancel: {}
        )
        return response
      }
      try await serving(handler) { port in
        try await withClient(port: port) { client in
          let body = try #require(try await client.send(streamed).stream)
          var received: [UInt8] = []
          while let bytes = try await body.next() { received += bytes }
          #expect(received.count == 10_000_000)
          #expect(received == (0..<100).flatMap { _ in piece })
        }
      }
    }

    @Test func `waits for a reader that takes nothing, who holds up no other call`() async throws {
      let tap = Tap()
      for _ in 0..<1000 { tap.give([UInt8](repeating: 0, count: 64 << 10)) }
      tap.end()
      let handler: HTTPHandler = { request in
        request.target == "/" ? tap.response : HTTPResponse(status: 200, body: request.body)
      }
      try await serving(handler) { port in
        try await withClient(port: port) { client in
          let body = try #require(try await client.send(streamed).stream)
          let large = [UInt8](repeating: 1, count: 4 << 20)
          for _ in 0..<10 {
            let other = HTTPRequest(method: "POST", target: "/other", body: large)
            #expect(try await client.send(other).body.count == large.count)
          }
          // The stream's window, what waits in the server and one that found no room.
          #expect(tap.taken <= 16 + 2 + 2)
          var received = 0
          while let bytes = try await body.next() { received += bytes.count }
          #expect(received == 1000 * 64 << 10)
        }
      }
    }

    @Test func `waits for an HTTP/1.1 client that takes nothing`() async throws {
      let tap = Tap()
      for _ in 0..<1000 { tap.give([UInt8](repeating: 0, count: 64 << 10)) }
      try await serving({ _ in tap.response }) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
          _ = try connection.receive()
        }
        #expect(await tap.cancellation())
        #expect(tap.taken < 500)
      }
    }

    @Test func `is canceled with its reader`() async throws {
      let taps = (0..<3).map { _ in Tap() }
      let handler: HTTPHandler = { request in
        taps[Int(request.target.dropFirst()) ?? 0].response
      }
      try await serving(handler) { port in
        try await withClient(port: port) { client in
          func body(_ index: Int) async throws -> HTTPBodyStream? {
            var request = streamed
            request.target = "/\(index)"
            return try await client.send(request).stream
          }
          let waiting = Task { [body = try #require(try await body(0))] in try await body.next() }
          waiting.cancel()
          await #expect(throws: CancellationError.self) { try await waiting.value }
          #expect(await taps[0].cancellation())

          let held = try #require(try await body(1))
          held.cancel()
          await #expect(throws: CancellationError.self) { try await held.next() }
          #expect(await taps[1].cancellation())

          var dropped = try await body(2)
          #expect(dropped != nil)
          dropped = nil
          #expect(await taps[2].cancellation())

          let next = try await client.send(HTTPRequest(method: "HEAD", target: "/0"))
          #expect(next.status == 200)
        }
      }
    }

    @Test func `is canceled when an HTTP/1.1 client hangs up`() async throws {
      let tap = Tap()
      tap.give("first")
      try await serving({ _ in tap.response }) { port in
        try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
          _ = try connection.receive(until: "first")
        }
        #expect(await tap.cancellation())
      }
    }

    @Test func `that breaks off is not taken for whole`() async throws {
      struct Broken: Error {}
      let taps = [Tap(), Tap()]
      for tap in taps { tap.give("half") }
      try await serving({ $0.target == "/0" ? taps[0].response : taps[1].response }) { port in
        try await withClient(port: port) { client in
          var request = streamed
          request.target = "/0"
          let body = try #require(try await client.send(request).stream)
          #expect(text(try await body.next()) == "half")
          taps[0].end(.failure(Broken()))
          await #expect {
            try await body.next()
          } throws: {
            ($0 as? HTTPTransportError)?.reason == .interrupted
          }
        }
        taps[1].end(.failure(Broken()))
        let reply = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
          return try connection.receiveToEnd()
        }
        #expect(!reply.contains("0\r\n\r\n"))
      }
    }

    @Test func `outlives the write timeout while it has nothing to say`() async throws {
      let tap = Tap()
      var limits = HTTPServerLimits()
      limits.responseWriteTimeout = .milliseconds(200)
      limits.idleTimeout = .milliseconds(200)
      try await serving(limits: limits, { _ in tap.response }) { port in
        try await withClient(port: port) { client in
          let body = try #require(try await client.send(streamed).stream)
          try await Task.sleep(for: .milliseconds(800))
          tap.give("late")
          #expect(text(try await body.next()) == "late")
          tap.end()
          #expect(try await body.next() == nil)
        }
      }
    }

    @Test func `is cut off when its client takes nothing for too long`() async throws {
      let tap = Tap()
      for _ in 0..<100 { tap.give([UInt8](repeating: 0, count: 64 << 10)) }
      var limits = HTTPServerLimits()
      limits.responseWriteTimeout = .milliseconds(300)
      try await serving(limits: limits, { _ in tap.response }) { port in
        let frames = try await blocking {
          let connection = try RawConnection(port: port)
          try connection.send(preface + request(stream: 1))
          return try connection.receiveFrames { $0.isType(.resetStream) }
        }
        // The window that every stream begins with, and not a byte more.
        let bytes = frames.filter { $0.isType(.data) }.map(\.payload.count).reduce(0, +)
        #expect(bytes == 65_535)
        #expect(frames.last?.isType(.resetStream) == true)
        #expect(await tap.cancellation())
        #expect(tap.taken <= 5)
      }
    }

    @Test func `is finished by a server that ends, or canceled after the grace`() async throws {
      for isPatient in [true, false] {
        let tap = Tap()
        var limits = HTTPServerLimits()
        limits.drainGrace = isPatient ? .seconds(20) : .milliseconds(300)
        let port = try await serving(echo) { $0 }
        try await withClient(port: port) { client in
          let body = try await serving(port: port, limits: limits, { _ in tap.response }) { _ in
            if isPatient {
              Task {
                try await Task.sleep(for: .milliseconds(300))
                tap.give("last")
                tap.end()
              }
            }
            return try #require(try await client.send(streamed).stream)
          }
          if isPatient {
            #expect(text(try await body.next()) == "last")
            #expect(try await body.next() == nil)
          } else {
            await #expect(throws: HTTPTransportError.self) { try await body.next() }
          }
        }
      }
    }

    @Test func `whose trailers follow a whole body`() async throws {
      let handler: HTTPHandler = { request in
        var response = HTTPResponse(status: 200, body: request.body)
        response.trailers = ["grpc-status": "5"]
        return response
      }
      try await serving(handler) { port in
        try await withClient(port: port) { client in
          for body in ["", "abc"] {
            let request = HTTPRequest(method: "POST", target: "/", body: Array(body.utf8))
            let response = try await client.send(request)
            #expect(response.text == body)
            #expect(response.trailers["grpc-status"] == "5")
          }
        }
      }
    }
  }
}
