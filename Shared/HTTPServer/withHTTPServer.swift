import Certificates
package import HTTPMessage
import NIOCore
import NIOPosix
import NIOSSL

/// Serves HTTP/1.1 and HTTP/2 on one port for as long as `body` runs, by TLS or in plain text.
///
/// When `body` returns or throws, the server stops accepting, tells its clients, waits for the
/// requests in flight, cancels those that take too long and closes. Each request runs as a task that
/// starts on its connection's event loop and stays there; one that computes for long should leave
/// it. The task is cancelled when its client goes away.
///
/// - Parameters:
///   - configuration: Where to listen, and within which limits.
///   - handler: Answers requests; where it throws, the client gets status 500 with an empty body.
///   - body: Gets the address the server listens on.
/// - Returns: What `body` returns, once the server has ended.
/// - Throws: What `body` throws, or `UnavailableAddress`.
nonisolated(nonsending) package func withHTTPServer<R: Sendable>(
  _ configuration: HTTPServerConfiguration,
  handler: @escaping HTTPHandler,
  _ body: nonisolated(nonsending) (HTTPServerAddress) async throws -> R
) async throws -> R {
  let count = ConnectionCount()
  var loops: [ObjectIdentifier: NIOLoopBoundBox<ServerLoop>] = [:]
  for eventLoop in configuration.group.makeIterator() {
    loops[ObjectIdentifier(eventLoop)] = .makeBoxSendingValue(
      ServerLoop(
        eventLoop,
        configuration: configuration,
        handler: handler,
        connectionCount: count
      ),
      eventLoop: eventLoop
    )
  }
  let serving = loops
  let listener: any Channel
  do {
    listener = try await ServerBootstrap(group: configuration.group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // All that wait are accepted at once: those still waiting at the end are reset by the kernel.
      .serverChannelOption(.maxMessagesPerRead, value: 256)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // 64 KiB each: what one client sends should not keep the others of its loop waiting.
      .childChannelOption(.maxMessagesPerRead, value: 4)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let loop = serving[ObjectIdentifier(channel.eventLoop)] else { return }
          try addHandlers(to: channel.pipeline.syncOperations, loop.value)
        }
      }
      .bind(host: configuration.host, port: configuration.port)
      .get()
  } catch {
    throw UnavailableAddress(error, host: configuration.host, port: configuration.port)
  }
  let address = HTTPServerAddress(
    host: configuration.host,
    port: listener.localAddress?.port ?? configuration.port
  )
  let result: Result<R, any Error>
  do { result = .success(try await body(address)) } catch { result = .failure(error) }
  try? await listener.close().get()
  try await drain(serving, of: configuration.group)
  return try result.get()
}

/// Makes a channel a connection of the server, with the credentials of this moment.
private func addHandlers(
  to pipeline: ChannelPipeline.SynchronousOperations,
  _ loop: ServerLoop
) throws {
  guard let credentials = loop.configuration.credentials else {
    return try pipeline.addHandler(ProtocolSniffer(loop))
  }
  let encryption = Encryption(
    entrance: TLSEntrance(loop),
    handler: NIOSSLServerHandler(context: credentials.context)
  )
  try pipeline.addHandlers([
    encryption.entrance, encryption.handler, ProtocolSniffer(loop, encryption: encryption),
  ])
}

/// Ends the part of the server on each loop, all at the same time.
private func drain(
  _ loops: [ObjectIdentifier: NIOLoopBoundBox<ServerLoop>],
  of group: MultiThreadedEventLoopGroup
) async throws {
  let ends = group.makeIterator().compactMap { eventLoop in
    loops[ObjectIdentifier(eventLoop)].map { loop in
      eventLoop.flatSubmit { loop.value.drain() }
    }
  }
  for end in ends { try await end.get() }
}
