import HTTP2
import HTTPMessage
import NIOCore

/// Carries an HTTP/2 session over a channel.
final class HTTP2Connection: ChannelInboundHandler, ServerConnection {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Bytes put together into one write.
  private static let maxWriteBytes = 256 << 10

  /// How long a peer may take to show that it has heard of the end.
  private static let noticeTimeout = 1000

  private enum Leaving {
    case no
    /// The peer was asked to open no more streams, at this time of the loop's clock.
    case announced(at: Int)
    /// The peer knows the last stream that will be answered.
    case done
  }

  private let loop: ServerLoop
  private let peer: Peer
  private let lifetime: ConnectionLifetime
  private let session: HTTP2ServerSession
  private var context: ChannelHandlerContext?
  private var lastActivity: Int
  /// Since when the socket has taken nothing more, or `nil` while it takes what there is.
  private var blockedSince: Int?
  private var keepalive = Keepalive()
  private var leaving = Leaving.no
  private var isReading = false
  private var isFlushScheduled = false
  private var isFlushing = false
  private var isClosing = false
  /// Read after the end.
  private var ignoredBytes = 0

  init(_ loop: ServerLoop, _ peer: Peer) throws(HTTP2Error) {
    self.loop = loop
    self.peer = peer
    self.lifetime = ConnectionLifetime(loop)
    self.lastActivity = loop.now
    self.session = try HTTP2ServerSession(
      limits: HTTP2ServerLimits(
        maxHeaderBytes: loop.limits.maxHeaderBytes,
        maxBodyBytes: loop.limits.maxBodyBytes,
        maxConcurrentStreams: loop.limits.maxConcurrentStreams
      )
    )
    self.session.now = loop.now
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    self.scheduleFlush()
    guard let admit = self.loop.configuration.admit else { return }
    let peer = self.peer
    self.session.admit = { request in
      peer.sign(&request)
      return admit(&request)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  // MARK: In

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !self.isClosing else { return self.ignore(data) }
    self.isReading = true
    self.session.now = self.loop.now
    self.lastActivity = self.loop.now
    self.keepalive.heard()
    do throws(HTTP2Error) {
      try self.receive(self.unwrapInboundIn(data))
      self.handleEvents()
    } catch {
      self.handleEvents()
      self.flush()
      self.closeGently()
    }
  }

  private func ignore(_ data: NIOAny) {
    self.ignoredBytes += self.unwrapInboundIn(data).readableBytes
    if self.ignoredBytes > LingeringClose.maxBytes { self.close() }
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

  private func handleEvents() {
    while let event = self.session.nextEvent() {
      switch event {
      case .request(let stream): self.handle(stream)
      case .rejected(let stream, let reason):
        let fields = self.session.takeRequest(of: stream).fields
        self.session.reject(stream, with: self.loop.configuration.rejection(reason, fields))
      case .room(let stream): stream.outlet?.makeRoom()
      case .refused(let stream, let response): self.session.reject(stream, with: response)
      case .cancelled(let stream):
        stream.task?.cancel()
        stream.task = nil
        stream.outlet?.close()
        stream.outlet = nil
      case .shutdownNoticed: self.goAway()
      }
    }
  }

  private func handle(_ stream: HTTP2ServerStream) {
    // A client that changes its mind before its bytes are read costs no handler.
    guard !stream.isClosed else { return }
    var request = self.session.takeRequest(of: stream)
    self.peer.sign(&request)
    let task = self.loop.run(request) { response in
      self.session.respond(to: stream, with: response)
      self.scheduleFlush()
      return stream.isAnswered && !stream.isComplete ? self.outlet(of: stream) : nil
    }
    if !stream.isComplete { stream.task = task }
  }

  /// The way for the body of a streamed response.
  private func outlet(of stream: HTTP2ServerStream) -> ResponseOutlet {
    let outlet = ResponseOutlet(
      write: { bytes in
        defer { self.scheduleFlush() }
        return self.session.send(bytes, on: stream)
      },
      end: { trailers in
        self.session.end(stream, trailers: trailers)
        self.scheduleFlush()
      },
      abort: {
        self.session.abort(stream)
        self.scheduleFlush()
      }
    )
    stream.outlet = outlet
    return outlet
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

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { self.blockedSince = nil }
    self.flush()
  }

  /// Lets the session write as long as the socket takes it, so that a peer that doesn't read meets
  /// the session's limits and not an endless buffer.
  private func flush() {
    guard !self.isFlushing, let context = self.context else { return }
    self.isFlushing = true
    defer { self.isFlushing = false }
    do throws(HTTP2Error) {
      while context.channel.isWritable, let bytes = try self.nextWrite(context) {
        context.writeAndFlush(self.wrapOutboundOut(bytes), promise: nil)
      }
    } catch {
      self.handleEvents()
      return self.close()
    }
    if !context.channel.isWritable, self.blockedSince == nil { self.blockedSince = self.loop.now }
    self.handleEvents()
    if self.session.isFinished { self.closeGently() }
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

  private func closeGently() {
    guard !self.isClosing, let context = self.context else { return }
    self.isClosing = true
    self.lastActivity = self.loop.now
    LingeringClose.begin(context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Without the peer's WINDOW_UPDATE and SETTINGS frames there is no going on.
    if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.isClosing = true
    self.session.close()
    self.handleEvents()
    self.loop.remove(self)
  }

  func enforceDeadlines() {
    self.session.now = self.loop.now
    let writeTimeout = self.loop.limits.responseWriteTimeout.milliseconds
    // Resetting the streams of a peer that doesn't read frees nothing that waits for the socket.
    if let blockedSince, self.loop.now - blockedSince > writeTimeout { return self.close() }
    guard !self.isClosing else {
      if self.loop.now - self.lastActivity > writeTimeout { self.close() }
      return
    }
    if self.lifetime.isGraceOver(at: self.loop.now) { return self.close() }
    if self.lifetime.isOver(at: self.loop.now) { self.drain() }
    if case .announced(let since) = self.leaving, self.loop.now - since > Self.noticeTimeout {
      self.goAway()
    }
    if self.session.openStreams > 0 {
      self.session.expire(
        requestsBefore: self.loop.now - self.loop.limits.requestReadTimeout.milliseconds,
        responsesBefore: self.loop.now - writeTimeout
      )
      self.handleEvents()
      switch self.keepalive.step(
        at: self.loop.now,
        silentSince: self.lastActivity,
        self.loop.limits
      ) {
      case .wait: break
      case .ping: self.session.ping()
      case .giveUp: return self.close()
      }
      self.flush()
    } else if self.loop.now - self.lastActivity > self.loop.limits.idleTimeout.milliseconds {
      self.drain()
    }
  }

  /// Begins the end in two steps, so that no request that is on its way is lost.
  func announceDrain() {
    guard case .no = self.leaving else { return }
    self.leaving = .announced(at: self.loop.now)
    self.session.announceShutdown()
    self.scheduleFlush()
  }

  func drain() { self.announceDrain() }

  private func goAway() {
    guard case .announced = self.leaving else { return }
    self.leaving = .done
    self.session.goAway()
    self.scheduleFlush()
  }

  func cancelHandlers() { self.session.forEachUnanswered { $0.task?.cancel() } }
  func close() { self.context?.close(promise: nil) }
}
