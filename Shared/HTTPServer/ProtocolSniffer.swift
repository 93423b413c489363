import Certificates
import HTTPMessage
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// Finds out which protocol a connection speaks: by the handshake of TLS, or by its first bytes.
///
/// With HTTP/1.1 it stays in place to tell the connection that bytes came, which the parser doesn't
/// until a header block is whole.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler, ServerConnection {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How every HTTP/2 connection begins.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9113#section-3.4
  private static let preface = Array("PRI * HTTP/2.0".utf8)

  private let loop: ServerLoop
  private let encryption: Encryption?
  private var context: ChannelHandlerContext?
  private var received = ByteBuffer()
  private var lastActivity: Int
  private var peer = Peer()
  private var awaitsHandshake: Bool
  private var isClosing = false
  private var http1: HTTP1Connection?

  /// - Parameters:
  ///   - loop: Where the connection lives.
  ///   - encryption: The handlers before this one, where the connection must speak TLS.
  init(_ loop: ServerLoop, encryption: Encryption? = nil) {
    self.loop = loop
    self.encryption = encryption
    self.awaitsHandshake = encryption != nil
    self.lastActivity = loop.now
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.peer.address = context.channel.peer
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
    guard !self.isClosing else { return }
    var bytes = self.unwrapInboundIn(data)
    if self.received.readableBytes == 0 { self.lastActivity = self.loop.now }
    self.received.writeBuffer(&bytes)
    let seen = self.received.readableBytesView.prefix(Self.preface.count)
    if seen.first == TLSRecord.handshake {
      self.refuseHandshake(context)
    } else if !seen.elementsEqual(Self.preface.prefix(seen.count)) {
      self.startHTTP1(context)
    } else if seen.count == Self.preface.count {
      self.startHTTP2(context)
    }
  }

  /// Answers a client that takes this port for one that speaks TLS.
  private func refuseHandshake(_ context: ChannelHandlerContext) {
    self.isClosing = true
    context.write(self.wrapOutboundOut(TLSRecord.refusal), promise: nil)
    LingeringClose.begin(context)
  }

  private func handshakeEnded(_ context: ChannelHandlerContext, negotiated: String?) {
    self.awaitsHandshake = false
    self.lastActivity = self.loop.now
    if let encryption {
      let certificate = encryption.handler.peerCertificate
      self.peer.isEncrypted = true
      self.peer.certificate = certificate.flatMap(ClientCertificate.init)
      context.pipeline.syncOperations.removeHandler(encryption.entrance, promise: nil)
    }
    switch negotiated {
    case "h2": self.startHTTP2(context)
    case "http/1.1": self.startHTTP1(context)
    default: break
    }
  }

  private func startHTTP1(_ context: ChannelHandlerContext) {
    let connection = HTTP1Connection(self.loop, self.peer)
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
    guard self.received.readableBytes > 0 else { return }
    connection.bytesArrived()
    self.forward(context)
  }

  private func startHTTP2(_ context: ChannelHandlerContext) {
    let pipeline = context.pipeline.syncOperations
    do {
      let connection = try HTTP2Connection(self.loop, self.peer)
      try pipeline.addHandler(connection)
      self.loop.replace(self, by: connection)
    } catch {
      return context.close(promise: nil)
    }
    if self.received.readableBytes > 0 { self.forward(context) }
    pipeline.removeHandler(self, promise: nil)
  }

  private func forward(_ context: ChannelHandlerContext) {
    let received = self.received
    self.received = ByteBuffer()
    context.fireChannelRead(self.wrapInboundOut(received))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
      self.handshakeEnded(context, negotiated: negotiated)
    } else if self.http1 == nil, event as? ChannelEvent == .inputClosed {
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
    let limits = self.loop.limits
    let limit =
      if self.awaitsHandshake {
        limits.handshakeTimeout
      } else if self.received.readableBytes > 0 {
        limits.requestReadTimeout
      } else {
        limits.idleTimeout
      }
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
