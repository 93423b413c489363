import HTTPMessage
import NIOCore
import NIOEmbedded
import NIOPosix

@testable import HTTPServer

private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

/// Answers at once, with more or less than it got.
@Sendable
private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
  require(request.body.count <= 1024, "a body is too large")
  require(!request.target.isEmpty, "a request has no target")
  return HTTPResponse(
    status: request.fields.fields.count > 3 ? 200 : 204,
    fields: ["x": request.target],
    body: request.body
  )
}

private let configuration: HTTPServerConfiguration = {
  var configuration = HTTPServerConfiguration(host: "", port: 0, group: group) { reason, _ in
    HTTPResponse(status: 400, body: Array("\(reason)".utf8))
  }
  configuration.limits.maxBodyBytes = 1024
  configuration.limits.maxHeaderBytes = 512
  return configuration
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  let eventLoop = EmbeddedEventLoop()
  let channel = EmbeddedChannel(loop: eventLoop)
  let loop = ServerLoop(
    eventLoop,
    configuration: configuration,
    handler: answer,
    connectionCount: ConnectionCount()
  )
  guard (try? channel.pipeline.syncOperations.addHandler(ProtocolSniffer(loop))) != nil,
    let address = try? SocketAddress(ipAddress: "127.0.0.1", port: 1)
  else { fatalError("no channel") }
  // Which makes it active.
  channel.connect(to: address, promise: nil)
  // The first byte tells the size of the pieces that the rest comes in.
  let piece = max(1, Int(input.byte()))
  while !input.isEmpty, channel.isActive {
    _ = try? channel.writeInbound(ByteBuffer(bytes: input.bytes(piece)))
    eventLoop.advanceTime(by: .milliseconds(100))
  }
  channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
  eventLoop.advanceTime(by: .seconds(1))
  while let bytes = try? channel.readOutbound(as: ByteBuffer.self) {
    require(bytes.readableBytes < 1 << 20, "an answer is too long")
  }
  _ = try? channel.finish(acceptAlreadyClosed: true)
  return 0
}
