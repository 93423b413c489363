import Glibc
import HTTPClient
import HTTPMessage
import HTTPServer
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Whether `localhost` is ::1 as well as 127.0.0.1.
private let isLocalhostTwice: Bool = {
  var hints = addrinfo()
  hints.ai_family = AF_INET6
  var found: UnsafeMutablePointer<addrinfo>?
  guard getaddrinfo("localhost", nil, &hints, &found) == 0 else { return false }
  freeaddrinfo(found)
  return true
}()

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `A client whose server fails` {
    private let request = HTTPRequest(method: "POST", target: "/", body: [1])

    private func reason(
      of client: HTTP2Client,
      _ request: HTTPRequest? = nil
    ) async -> HTTPTransportError.Reason? {
      do {
        _ = try await client.send(request ?? self.request)
        return nil
      } catch {
        return (error as? HTTPTransportError)?.reason
      }
    }

    /// A port on which nobody listens.
    private func freePort() async throws -> Int { try await serving(echo) { $0 } }

    @Test func `knows that nobody listens`() async throws {
      try await withClient(port: try await self.freePort()) { client in
        #expect(await self.reason(of: client) == .unreachable)
      }
    }

    @Test func `knows that a name doesn't exist`() async throws {
      let client = HTTP2Client(host: "no-such-host.invalid", port: 80)
      #expect(await self.reason(of: client) == .unreachable)
      await client.close()
    }

    @Test(.enabled(if: isLocalhostTwice, "needs a localhost that is ::1 as well"))
    func `takes the second address of a name when the first refuses`() async throws {
      try await serving(echo) { port in
        for _ in 0..<3 {
          try await withClient(host: "localhost", port: port) { client in
            #expect(await self.reason(of: client) == nil)
            #expect(await self.reason(of: client) == nil)
          }
        }
      }
    }

    @Test func `gives up connecting after its time`() async throws {
      // TEST-NET-1 has no hosts (RFC 5737); some networks refuse it at once, which is as good.
      var configuration = HTTP2ClientConfiguration()
      configuration.connectTimeout = .milliseconds(200)
      let client = HTTP2Client(host: "192.0.2.1", port: 80, configuration: configuration)
      #expect(await self.reason(of: client) == .unreachable)
      await client.close()
    }

    @Test func `is cancelled while it connects`() async throws {
      // Else the time to connect would end the call as well.
      var configuration = HTTP2ClientConfiguration()
      configuration.connectTimeout = .seconds(120)
      let listener = try DeafListener()
      let client = HTTP2Client(
        host: "127.0.0.1",
        port: listener.port,
        configuration: configuration
      )
      let call = Task { try await client.send(self.request) }
      try await Task.sleep(for: .milliseconds(20))
      call.cancel()
      await #expect(throws: CancellationError.self) { try await call.value }
      await client.close()
      listener.close()
    }

    @Test func `sends nothing once it is closed`() async throws {
      try await serving(echo) { port in
        let client = HTTP2Client(host: "127.0.0.1", port: port)
        #expect(await self.reason(of: client) == nil)
        await client.close()
        #expect(await self.reason(of: client) == .unreachable)
      }
    }

    @Test func `goes on with a server that has started again`() async throws {
      let client = HTTP2Client(host: "127.0.0.1", port: try await self.freePort())
      await client.close()
      let port = try await self.freePort()
      try await withClient(port: port) { client in
        for _ in 0..<3 {
          try await serving(port: port, echo) { _ in
            #expect(await self.reason(of: client) == nil)
            #expect(await self.reason(of: client) == nil)
          }
          #expect(await self.reason(of: client) == .unreachable)
        }
      }
    }

    /// Listens, and treats each connection as `serve` says.
    private func withListener<R: Sendable>(
      _ serve: @escaping @Sendable (any Channel, ByteBuffer) -> Void,
      _ body: (Int) async throws -> R
    ) async throws -> R {
      let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Answering(serve))
          }
        }
        .bind(host: "127.0.0.1", port: 0).get()
      let result: Result<R, any Error>
      do {
        result = .success(try await body(listener.localAddress?.port ?? 0))
      } catch {
        result = .failure(error)
      }
      try await listener.close().get()
      return try result.get()
    }

    private final class Answering: ChannelInboundHandler {
      typealias InboundIn = ByteBuffer
      typealias OutboundOut = ByteBuffer
      private let serve: @Sendable (any Channel, ByteBuffer) -> Void
      init(_ serve: @escaping @Sendable (any Channel, ByteBuffer) -> Void) { self.serve = serve }
      func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.serve(context.channel, self.unwrapInboundIn(data))
      }
    }

    @Test func `knows that a connection ended with its request on the wire`() async throws {
      try await self.withListener({ channel, _ in channel.close(promise: nil) }) { port in
        try await withClient(port: port) { client in
          #expect(await self.reason(of: client) == .interrupted)
          #expect(await self.reason(of: client) == .interrupted)
        }
      }
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", "\0\0\0\0\0"])
    func `knows that its peer doesn't speak HTTP 2`(answer: String) async throws {
      let padded = answer + String(repeating: "\0", count: 64)
      try await self.withListener({ channel, _ in
        channel.writeAndFlush(ByteBuffer(string: padded), promise: nil)
      }) { port in
        try await withClient(port: port) { client in
          #expect(await self.reason(of: client) == .protocolError)
        }
      }
    }

    @Test func `knows of a refused stream and of a GOAWAY below its own`() async throws {
      for refusal in [
        frame(.settings) + frame(.resetStream, stream: 1, [0, 0, 0, 7]),
        frame(.settings) + frame(.goAway, [0, 0, 0, 0, 0, 0, 0, 0]),
      ] {
        try await self.withListener({ channel, _ in
          channel.writeAndFlush(ByteBuffer(bytes: refusal), promise: nil)
        }) { port in
          try await withClient(port: port) { client in
            #expect(await self.reason(of: client) == .refused)
          }
        }
      }
    }

    @Test func `notices a peer that has fallen silent`() async throws {
      var configuration = HTTP2ClientConfiguration()
      configuration.pingInterval = .milliseconds(100)
      configuration.pingTimeout = .milliseconds(1000)
      try await self.withListener({ _, _ in }) { port in
        try await withClient(port: port, configuration: configuration) { client in
          #expect(await self.reason(of: client) == .interrupted)
        }
      }
    }

    @Test func `notices it when its calls were given up meanwhile`() async throws {
      var configuration = HTTP2ClientConfiguration()
      configuration.pingInterval = .milliseconds(100)
      configuration.pingTimeout = .milliseconds(100)
      let requests = AsyncStream.makeStream(of: Void.self)
      let ends = AsyncStream.makeStream(of: Void.self)
      try await self.withListener({ channel, _ in
        requests.continuation.yield()
        channel.closeFuture.whenComplete { _ in ends.continuation.yield() }
      }) { port in
        try await withClient(port: port, configuration: configuration) { client in
          let call = Task { try await client.send(self.request) }
          for await _ in requests.stream.prefix(1) {}
          call.cancel()
          #expect(await ends.stream.first { true } != nil)
        }
      }
    }

    @Test func `asks on its idle connections too when one has broken`() async throws {
      var configuration = HTTP2ClientConfiguration()
      configuration.pingInterval = .milliseconds(100)
      configuration.pingTimeout = .milliseconds(100)
      let known = Mutex<Set<ObjectIdentifier>>([])
      let starts = AsyncStream.makeStream(of: Void.self)
      let ends = AsyncStream.makeStream(of: Void.self)
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
      try await self.withListener({ channel, _ in
        guard known.withLock({ $0.insert(ObjectIdentifier(channel)).inserted }) else { return }
        channel.closeFuture.whenComplete { _ in ends.continuation.yield() }
        channel.writeAndFlush(ByteBuffer(bytes: frame(.settings))).whenComplete { _ in
          starts.continuation.yield()
        }
      }) { port in
        let client = HTTP2Client(
          host: "127.0.0.1",
          port: port,
          group: group,
          configuration: configuration
        )
        let idle = Task { try await client.send(self.request) }
        for await _ in starts.stream.prefix(1) {}
        idle.cancel()
        #expect(await self.reason(of: client) == .interrupted)
        for await _ in ends.stream.prefix(2) {}
        await client.close()
      }
      try await group.shutdownGracefully()
    }

    @Test func `waits for a peer that is slow but alive, up to its time limit`() async throws {
      var configuration = HTTP2ClientConfiguration()
      configuration.pingInterval = .milliseconds(100)
      configuration.pingTimeout = .milliseconds(1000)
      configuration.requestTimeout = .seconds(4)
      let handler: HTTPHandler = { request in
        try await Task.sleep(for: request.target == "/slow" ? .milliseconds(1500) : .seconds(60))
        return HTTPResponse(status: 200)
      }
      try await serving(handler) { port in
        try await withClient(port: port, configuration: configuration) { client in
          let slow = HTTPRequest(method: "GET", target: "/slow")
          #expect(await self.reason(of: client, slow) == nil)
          #expect(await self.reason(of: client) == .timedOut)
        }
      }
    }
  }
}
