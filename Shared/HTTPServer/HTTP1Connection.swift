import HTTPMessage
import NIOCore
import NIOHTTP1

/// Answers the requests of an HTTP/1 connection one after the other.
final class HTTP1Connection: ChannelDuplexHandler, ServerConnection {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private struct Incoming {
    var request: HTTPRequest
    var exchange: HTTP1Exchange
    var awaitsContinue: Bool
  }

  private enum Waiting {
    case request(HTTPRequest, HTTP1Exchange)
    case rejection(HTTPRejection, HeaderFields)
    case refusal(HTTPResponse, HTTP1Exchange)
  }

  /// A longer body of a refused request ends the connection instead of being passed over.
  private static let maxSkippedBytes = 64 << 10

  /// Requests that may wait for the one being answered; the last that may ends the connection, whose
  /// client asks again for what it got no answer to.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9112#section-9.3.2
  private static let maxWaiting = 128

  private let loop: ServerLoop
  private let peer: Peer
  private let lifetime: ConnectionLifetime
  private var context: ChannelHandlerContext?
  /// The request whose head has come and whose end has not.
  private var incoming: Incoming?
  private var waiting = CircularBuffer<Waiting>()
  private var active: HTTP1Exchange?
  private var task: Task<Void, Never>?
  /// Of the active exchange, once its response has begun to go out piece by piece.
  private var outlet: ResponseOutlet?

  private var requestBegan: Int?
  private var writeBegan: Int?
  private var lastActivity: Int
  private var isReading = false
  private var isReadHeld = false
  private var isAdvancing = false
  private var isInputClosed = false
  private var isDraining = false
  /// Nothing that may still come is read as a request.
  private var isDeaf = false
  private var isClosing = false

  init(_ loop: ServerLoop, _ peer: Peer) {
    self.loop = loop
    self.peer = peer
    self.lifetime = ConnectionLifetime(loop)
    self.lastActivity = loop.now
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  private var isBusy: Bool { self.active != nil || !self.waiting.isEmpty }

  // MARK: In

  /// Tells that bytes came, of which the parser may say nothing yet.
  func bytesArrived() {
    self.lastActivity = self.loop.now
    if self.requestBegan == nil { self.requestBegan = self.loop.now }
  }

  /// Lets the socket wait while requests do, so that a client can't pile them up here.
  func read(context: ChannelHandlerContext) {
    if self.isBusy, !self.isDeaf { self.isReadHeld = true } else { context.read() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !self.isDeaf else { return }
    self.isReading = true
    switch self.unwrapInboundIn(data) {
    case .head(let head): self.begin(head)
    case .body(let bytes): self.append(bytes)
    case .end: self.end()
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    self.isReading = false
    self.flush()
    context.fireChannelReadComplete()
  }

  private func begin(_ head: HTTPRequestHead) {
    self.requestBegan = self.loop.now
    guard var request = HTTPRequest(head) else {
      return self.reject(.malformed, HeaderFields(head.headers))
    }
    self.peer.sign(&request)
    let length = request.fields["content-length"].flatMap(Int.init)
    if let length, length > self.loop.limits.maxBodyBytes {
      return self.reject(.bodyTooLarge, request.fields)
    }
    var exchange = HTTP1Exchange(
      isHead: request.method == "HEAD",
      isOld: head.version != .http1_1,
      // The parser takes what follows a request to upgrade for another protocol.
      keepsAlive: head.isKeepAlive && request.fields["upgrade"] == nil
    )
    let awaitsContinue =
      !exchange.isOld && request.fields["expect"]?.lowercased() == "100-continue"
    if let response = self.refusal(of: &request) {
      // A client that waits to be told to go on may or may not send the body now.
      let skips =
        !awaitsContinue && request.fields["transfer-encoding"] == nil
        && length ?? 0 <= Self.maxSkippedBytes
      exchange.keepsAlive = exchange.keepsAlive && skips
      return self.refuse(response, exchange)
    }
    self.incoming = Incoming(request: request, exchange: exchange, awaitsContinue: awaitsContinue)
    self.sendContinueIfAwaited()
  }

  private func refusal(of request: inout HTTPRequest) -> HTTPResponse? {
    self.loop.configuration.admit.flatMap { $0(&request) }
  }

  /// Answers at once; what comes of the body is passed over, or nothing is read any more.
  private func refuse(_ response: HTTPResponse, _ exchange: HTTP1Exchange) {
    var exchange = exchange
    if self.waiting.count >= Self.maxWaiting - 1 { exchange.keepsAlive = false }
    if !exchange.keepsAlive {
      self.requestBegan = nil
      self.isDeaf = true
    }
    self.waiting.append(.refusal(response, exchange))
    self.advance()
  }

  private func sendContinueIfAwaited() {
    guard !self.isBusy, self.incoming?.awaitsContinue == true else { return }
    self.incoming?.awaitsContinue = false
    self.write(.http1Continue)
    self.flush()
  }

  private func append(_ bytes: ByteBuffer) {
    guard let incoming = self.incoming else { return }
    guard incoming.request.body.count + bytes.readableBytes <= self.loop.limits.maxBodyBytes else {
      return self.reject(.bodyTooLarge)
    }
    bytes.withUnsafeReadableBytes { self.incoming?.request.body.append(contentsOf: $0) }
  }

  private func end() {
    self.requestBegan = nil
    guard var incoming = self.incoming else { return }
    self.incoming = nil
    if self.waiting.count >= Self.maxWaiting - 1 { incoming.exchange.keepsAlive = false }
    self.isDeaf = !incoming.exchange.keepsAlive
    self.waiting.append(.request(incoming.request, incoming.exchange))
    self.advance()
  }

  private func reject(_ reason: HTTPRejection, _ fields: HeaderFields? = nil) {
    let fields = fields ?? self.incoming?.request.fields ?? [:]
    self.incoming = nil
    self.requestBegan = nil
    self.isDeaf = true
    self.waiting.append(.rejection(reason, fields))
    self.advance()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !self.isDeaf else { return }
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    self.reject(error == .headerOverflow ? .headerTooLarge : .malformed)
  }

  // MARK: Out

  /// Takes on what waits, as long as the answers leave.
  private func advance() {
    guard !self.isAdvancing, !self.isClosing, let context = self.context else { return }
    self.isAdvancing = true
    defer { self.isAdvancing = false }
    while self.active == nil, context.channel.isWritable, let next = self.waiting.popFirst() {
      switch next {
      case .request(let request, let exchange):
        self.active = exchange
        let task = self.loop.run(request) { self.answer($0) }
        if self.active != nil { self.task = task }
      case .rejection(let reason, let fields):
        self.active = HTTP1Exchange()
        _ = self.answer(self.loop.configuration.rejection(reason, fields))
      case .refusal(let response, let exchange):
        self.active = exchange
        _ = self.answer(response)
      }
    }
    if !self.isReading { self.flush() }
  }

  /// Sends a response, or the head of one that is streamed, with the way for its body.
  private func answer(_ response: HTTPResponse) -> ResponseOutlet? {
    guard var exchange = self.active, let context = self.context else { return nil }
    let isStreamed = exchange.streams(response)
    if self.isDraining || self.isInputClosed && self.waiting.isEmpty
      || isStreamed && exchange.isOld
    {
      exchange.keepsAlive = false
    }
    self.active = exchange
    self.write(ByteBuffer(response, for: exchange, allocator: context.channel.allocator))
    guard isStreamed else {
      self.finish(exchange)
      return nil
    }
    let outlet = ResponseOutlet(
      write: { self.send($0) },
      end: { self.end(trailers: $0) },
      abort: { self.close() }
    )
    self.outlet = outlet
    if !self.isReading { self.flush() }
    return outlet
  }

  private func send(_ bytes: [UInt8]) -> Bool {
    guard let exchange = self.active, let context = self.context else { return true }
    self.write(ByteBuffer(chunk: bytes, for: exchange, allocator: context.channel.allocator))
    if !self.isReading { self.flush() }
    return context.channel.isWritable
  }

  private func end(trailers: HeaderFields) {
    guard let exchange = self.active, let context = self.context else { return }
    if !exchange.isOld {
      self.write(ByteBuffer(lastChunkWith: trailers, allocator: context.channel.allocator))
    }
    self.finish(exchange)
  }

  /// Goes on after a response, if the connection does.
  private func finish(_ exchange: HTTP1Exchange) {
    self.active = nil
    self.task = nil
    self.outlet = nil
    self.lastActivity = self.loop.now
    let isLast = self.isDraining || self.isInputClosed && self.waiting.isEmpty
    guard exchange.keepsAlive, !isLast else { return self.closeGently() }
    self.resume()
    self.advance()
  }

  /// Goes on with a request that came while others were being answered.
  private func resume() {
    guard !self.isBusy else { return }
    if self.requestBegan != nil { self.requestBegan = self.loop.now }
    self.sendContinueIfAwaited()
  }

  private func write(_ bytes: ByteBuffer) {
    self.context?.write(self.wrapOutboundOut(bytes), promise: nil)
  }

  private func flush() {
    guard let context = self.context else { return }
    context.flush()
    if !context.channel.isWritable, self.writeBegan == nil { self.writeBegan = self.loop.now }
    if self.isReadHeld, !self.isBusy || self.isDeaf {
      self.isReadHeld = false
      context.read()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    guard context.channel.isWritable, !self.isClosing else { return }
    self.writeBegan = nil
    self.outlet?.makeRoom()
    self.advance()
  }

  // MARK: The end

  private func closeGently() {
    guard !self.isClosing, let context = self.context else { return }
    self.isClosing = true
    self.isDeaf = true
    self.waiting.removeAll()
    self.writeBegan = self.loop.now
    LingeringClose.begin(context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard event as? ChannelEvent == .inputClosed else {
      return context.fireUserInboundEventTriggered(event)
    }
    self.isInputClosed = true
    self.isDeaf = true
    guard let active = self.active else {
      if self.waiting.isEmpty { self.closeGently() }
      return
    }
    // Nothing can be said within a body; whoever ends its side then is taken for gone.
    guard self.outlet == nil else { return self.close() }
    // The client may have ended its side only, and wait, or may be gone. A gone one's kernel
    // answers any byte with a reset, which closes the channel; a waiting one skips the byte.
    if !active.isOld {
      self.write(.http1Continue)
      context.flush()
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.cancelHandlers()
    self.outlet?.close()
    self.outlet = nil
    self.active = nil
    self.waiting.removeAll()
    self.loop.remove(self)
  }

  func enforceDeadlines() {
    let limits = self.loop.limits
    if self.lifetime.isGraceOver(at: self.loop.now) { return self.close() }
    if self.lifetime.isOver(at: self.loop.now) {
      self.announceDrain()
      // One in use ends with its next response: a request might cross an end of ours.
      if self.loop.now - self.lastActivity > limits.drainNotice.milliseconds { self.drain() }
    }
    if let began = self.writeBegan {
      if self.loop.now - began > limits.responseWriteTimeout.milliseconds { self.close() }
    } else if !self.isBusy, !self.isClosing {
      if let began = self.requestBegan {
        if self.loop.now - began > limits.requestReadTimeout.milliseconds {
          self.reject(.readTimeout)
        }
      } else if self.loop.now - self.lastActivity > limits.idleTimeout.milliseconds {
        self.closeGently()
      }
    }
  }

  func announceDrain() { self.isDraining = true }

  func drain() {
    if !self.isBusy, self.requestBegan == nil { self.closeGently() }
  }

  func cancelHandlers() {
    self.task?.cancel()
    self.task = nil
  }

  func close() { self.context?.close(promise: nil) }
}
