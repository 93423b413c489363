import HTTP2
import HTTPMessage
import NIOCore

/// Carries a client's HTTP/2 session over a channel.
final class ClientConnection: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Bytes put together into one write.
  private static let maxWriteBytes = 256 << 10
  /// How often time limits are looked at.
  private static let clockPeriod = TimeAmount.milliseconds(250)

  /// Of its channel, in plain text `nil`; the connection may be used once it succeeded.
  let handshake: EventLoopFuture<Void>?
  private let loop: ClientLoop
  private let session: HTTP2ClientSession
  private let began = NIODeadline.now()
  private var context: ChannelHandlerContext?
  private var clock: RepeatedTask?
  private var lastHeard = 0
  /// Whether nothing has come since the last request left, which may have been given up by now.
  private var isUnanswered = false
  private var pingSent: Int?
  /// When the last one was sent, answered or not.
  private var lastPing: Int?
  private var isReading = false
  private var isFlushScheduled = false
  private var isFlushing = false

  init(_ loop: ClientLoop, handshake: EventLoopFuture<Void>?) throws(HTTP2Error) {
    self.loop = loop
    self.handshake = handshake
    self.session = try HTTP2ClientSession(maxResponseBytes: loop.configuration.maxResponseBytes)
  }

  var takesRequests: Bool { !self.session.isGoingAway && self.context != nil }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    self.clock = context.eventLoop.scheduleRepeatedTask(
      initialDelay: Self.clockPeriod,
      delay: Self.clockPeriod
    ) { _ in bound.value.enforceDeadlines() }
    self.scheduleFlush()
  }

  // MARK: Calls

  func send(_ call: Call) {
    if self.session.openStreams == 0, !self.isUnanswered { self.lastHeard = self.session.now }
    self.isUnanswered = true
    do throws(HTTPTransportError) {
      let stream = try self.session.submit(call.request, authority: self.loop.authority)
      call.carried(by: stream, on: self)
      stream.observer = { event in call.observe(event) }
      self.scheduleFlush()
    } catch {
      self.loop.forget(self)
      call.finish(.failure(error))
    }
  }

  func cancel(_ stream: HTTP2ClientStream) {
    self.session.cancel(stream)
    self.scheduleFlush()
  }

  func consume(_ count: Int, of stream: HTTP2ClientStream) {
    self.session.consume(count, of: stream)
    self.scheduleFlush()
  }

  var eventLoop: any EventLoop { self.loop.eventLoop }

  private func handleEvents() {
    while let (stream, event) = self.session.nextEvent() {
      stream.observer?(event)
      if case .end = event { stream.observer = nil }
    }
    if self.session.isGoingAway { self.loop.forget(self) }
  }

  // MARK: In

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.isReading = true
    self.lastHeard = self.session.now
    self.isUnanswered = false
    self.pingSent = nil
    do throws(HTTP2Error) {
      try self.receive(self.unwrapInboundIn(data))
      self.handleEvents()
    } catch {
      self.fail(HTTPTransportError(.protocolError, error.description))
    }
  }

  private func receive(_ bytes: ByteBuffer) throws(HTTP2Error) {
    let result: Result<Void, HTTP2Error> = bytes.withUnsafeReadableBytes { bytes in
      Result { () throws(HTTP2Error) in try self.session.receive(bytes) }
    }
    try result.get()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    self.isReading = false
    self.flush()
  }

  // MARK: Out

  /// Sends what has come together by the end of this turn of the loop.
  private func scheduleFlush() {
    guard !self.isReading, !self.isFlushScheduled, let context = self.context else { return }
    self.isFlushScheduled = true
    context.eventLoop.assumeIsolatedUnsafeUnchecked().execute {
      self.isFlushScheduled = false
      self.flush()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) { self.flush() }

  private func flush() {
    guard !self.isFlushing, let context = self.context, context.channel.isActive else { return }
    self.isFlushing = true
    defer { self.isFlushing = false }
    do throws(HTTP2Error) {
      while context.channel.isWritable, let bytes = try self.nextWrite(context) {
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
      }
    } catch {
      return self.fail(HTTPTransportError(.protocolError, error.description))
    }
    self.handleEvents()
    guard self.session.isFinished else { return }
    self.fail(
      self.session.isGoingAway
        ? HTTPTransportError(.interrupted, "the server ended the connection")
        : HTTPTransportError(.protocolError, "the server broke the protocol")
    )
  }

  private func nextWrite(_ context: ChannelHandlerContext) throws(HTTP2Error) -> ByteBuffer? {
    guard let first = try self.session.nextOutput() else { return nil }
    var bytes = context.channel.allocator.buffer(capacity: max(4096, first.count))
    bytes.writeBytes(first)
    while bytes.readableBytes < Self.maxWriteBytes, let more = try self.session.nextOutput() {
      bytes.writeBytes(more)
    }
    return bytes
  }

  // MARK: The end

  /// Ends what has taken too long, and asks a peer that has gone silent whether it is there.
  private func enforceDeadlines() {
    self.readClock()
    guard self.session.openStreams > 0 || self.isUnanswered || self.pingSent != nil else { return }
    let now = self.session.now
    let configuration = self.loop.configuration
    self.session.expire(before: now - configuration.requestTimeout.milliseconds)
    self.handleEvents()
    if let pingSent = self.pingSent {
      if now - pingSent > configuration.pingTimeout.milliseconds {
        self.fail(HTTPTransportError(.interrupted, "the server has fallen silent"))
      }
    } else if now - self.lastHeard > configuration.pingInterval.milliseconds {
      self.ping()
    }
    self.scheduleFlush()
  }

  private func readClock() {
    self.session.now = Int((NIODeadline.now() - self.began).nanoseconds / 1_000_000)
  }

  private func ping() {
    guard !self.session.isFinished else { return }
    self.pingSent = self.session.now
    self.lastPing = self.session.now
    self.session.ping()
  }

  /// Asks the peer at once, after another connection to it broke, whether this one still stands.
  ///
  /// Not more often than the interval of pings: servers end connections that are asked too often.
  func doubt() {
    self.readClock()
    if let lastPing = self.lastPing {
      let passed = self.session.now - lastPing
      guard passed >= self.loop.configuration.pingInterval.milliseconds else { return }
    }
    self.ping()
    self.scheduleFlush()
  }

  /// Ends the connection and every call it carries.
  private func fail(_ error: HTTPTransportError) {
    self.session.close(error)
    self.handleEvents()
    self.context?.close(promise: nil)
  }

  func close() -> EventLoopFuture<Void> {
    let closed = self.context?.channel.closeFuture
    self.fail(HTTPTransportError(.interrupted, "the client was closed"))
    return closed ?? self.loop.eventLoop.makeSucceededVoidFuture()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // By TLS 1.3 a server refuses a client's certificate after the client thinks it is connected.
    self.fail(HTTPTransportError(tls: error) ?? HTTPTransportError(.interrupted, "\(error)"))
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.clock?.cancel()
    self.clock = nil
    self.fail(HTTPTransportError(.interrupted, "the connection ended"))
  }
}

extension Duration {
  /// Whole milliseconds.
  fileprivate var milliseconds: Int {
    Int(self.components.seconds) * 1000
      + Int(self.components.attoseconds / 1_000_000_000_000_000)
  }
}
