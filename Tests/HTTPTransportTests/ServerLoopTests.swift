import Glibc
import HTTPMessage
import NIOCore
import NIOPosix
import Testing

@testable import HTTPServer

@Suite struct `A server's event loop` {
  @Test func `reads its sockets between looks at the deadlines of many connections`() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let eventLoop = group.next()
    var ends: [CInt] = [0, 0]
    try #require(pipe(&ends) == 0)
    let turns = Turns(writingTo: ends[1])
    let pipe = try await NIOPipeBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Reader(turns))
        }
      }
      .takingOwnershipOfDescriptor(input: ends[0])
      .get()
    let count = 1000
    try await eventLoop.submit {
      var configuration = HTTPServerConfiguration(host: "", port: 0, group: group) { _, _ in
        HTTPResponse(status: 400)
      }
      configuration.limits.idleTimeout = .milliseconds(40)
      let loop = ServerLoop(
        eventLoop,
        configuration: configuration,
        handler: { _ in HTTPResponse(status: 200) },
        connectionCount: ConnectionCount()
      )
      for _ in 0..<count { _ = loop.add(IdleConnection(turns)) }
    }.get()
    // All have been looked at when the first of the second round is.
    let seen = try await turns.seenWhenRead(eventLoop)
    #expect(seen > 0)
    #expect(seen < count)
    try await pipe.close().get()
    close(ends[1])
    try await group.shutdownGracefully()
  }
}

/// Counts looks at deadlines, and writes to a pipe with the first; used on its event loop only.
private final class Turns: @unchecked Sendable {  // The test only hands it to the event loop.
  private let descriptor: CInt
  private var looks = 0
  private var read: EventLoopPromise<Int>?
  private var seen: Int?

  init(writingTo descriptor: CInt) { self.descriptor = descriptor }

  func look() {
    self.looks += 1
    if self.looks == 1 { _ = write(self.descriptor, "x", 1) }
  }

  func bytesRead() {
    self.seen = self.looks
    self.read?.succeed(self.looks)
  }

  func seenWhenRead(_ eventLoop: any EventLoop) async throws -> Int {
    try await eventLoop.flatSubmit {
      let promise = eventLoop.makePromise(of: Int.self)
      if let seen = self.seen { promise.succeed(seen) } else { self.read = promise }
      return promise.futureResult
    }.get()
  }
}

private final class IdleConnection: ServerConnection {
  private let turns: Turns

  init(_ turns: Turns) { self.turns = turns }

  func enforceDeadlines() { self.turns.look() }
  func announceDrain() {}
  func drain() {}
  func cancelHandlers() {}
  func close() {}
}

private final class Reader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let turns: Turns

  init(_ turns: Turns) { self.turns = turns }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { self.turns.bytesRead() }
}
