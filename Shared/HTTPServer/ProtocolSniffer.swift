import NIOCore
import NIOHTTP1

/// Finds out by the first bytes of a connection which protocol it speaks.
///
/// With HTTP/1.1 it stays in place to tell the connection that bytes came, which the parser doesn't
/// until a header block is whole.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler, ServerConnection {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// How every HTTP/2 connection begins.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9113#section-3.4
  private static let preface = Array("PRI * HTTP/2.0".utf8)

  private let loop: ServerLoop
  private var context: ChannelHandlerContext?
  private var received = ByteBuffer()
  private var lastActivity: Int
  private var http1: HTTP1Connection?

  init(_ loop: ServerLoop) {
    self.loop = loop
    self.lastActivity = loop.now
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    guard self.loop.add(self) else { return context.close(promise: nil) }
    // The loop's clock stands still while there is no connection.
    self.lastActivity = self.loop.now
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if let http1 = self.http1 {
      http1.bytesArrived()
      return context.fireChannelRead(data)
    }
    var bytes = self.unwrapInboundIn(data)
    if self.received.readableBytes == 0 { self.lastActivity = self.loop.now }
    self.received.writeBuffer(&bytes)
    let seen = self.received.readableBytesView.prefix(Self.preface.count)
    if !seen.elementsEqual(Self.preface.prefix(seen.count)) {
      self.start(context, HTTP1Connection(self.loop))
    } else if seen.count == Self.preface.count {
      self.startHTTP2(context)
    }
  }

  private func start(_ context: ChannelHandlerContext, _ connection: HTTP1Connection) {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = self.loop.limits.maxHeaderBytes
    limits.maxHeaderListSize = self.loop.limits.maxHeaderBytes
    let decoder = ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits))
    let pipeline = context.pipeline.syncOperations
    do {
      try pipeline.addHandlers([decoder, connection])
    } catch {
      return context.close(promise: nil)
    }
    self.http1 = connection
    self.loop.replace(self, by: connection)
    connection.bytesArrived()
    self.forward(context)
  }

  private func startHTTP2(_ context: ChannelHandlerContext) {
    let pipeline = context.pipeline.syncOperations
    do {
      let connection = try HTTP2Connection(self.loop)
      try pipeline.addHandler(connection)
      self.loop.replace(self, by: connection)
    } catch {
      return context.close(promise: nil)
    }
    self.forward(context)
    pipeline.removeHandler(self, promise: nil)
  }

  private func forward(_ context: ChannelHandlerContext) {
    let received = self.received
    self.received = ByteBuffer()
    context.fireChannelRead(self.wrapInboundOut(received))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if self.http1 == nil, event as? ChannelEvent == .inputClosed {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.loop.remove(self)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if self.http1 == nil { context.close(promise: nil) } else { context.fireErrorCaught(error) }
  }

  func enforceDeadlines() {
    let limit =
      self.received.readableBytes > 0
      ? self.loop.limits.requestReadTimeout : self.loop.limits.idleTimeout
    if self.loop.now - self.lastActivity > limit.milliseconds { self.close() }
  }

  func announceDrain() {}
  func drain() { self.close() }
  func cancelHandlers() { self.close() }
  func close() { self.context?.close(promise: nil) }
}

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int {
    Int(self.components.seconds) * 1000
      + Int(self.components.attoseconds / 1_000_000_000_000_000)
  }
}
