import HTTP2
import HTTPMessage
import NIOCore
import NIOSSL

/// Stands before the TLS handler until the handshake is done, to let a client know why there is none.
///
/// A client that doesn't speak TLS is told so in its own protocol. And the TLS handler closes a
/// connection right after an alert, at which the client's kernel may drop the alert unread.
final class TLSEntrance: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let loop: ServerLoop
  private var hasBegun = false
  /// What comes is of no interest any more.
  private var isLeaving = false

  init(_ loop: ServerLoop) { self.loop = loop }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !self.isLeaving else { return }
    let bytes = self.unwrapInboundIn(data)
    guard self.hasBegun || bytes.readableBytesView.first == TLSRecord.handshake else {
      return self.refuse(context, isHTTP2: bytes.readableBytesView.starts(with: "PRI".utf8))
    }
    self.hasBegun = true
    context.fireChannelRead(data)
  }

  private func refuse(_ context: ChannelHandlerContext, isHTTP2: Bool) {
    self.isLeaving = true
    let refusal =
      isHTTP2
      ? Self.goAway
      : ByteBuffer(
        self.loop.configuration.rejection(.unencrypted, [:]),
        for: HTTP1Exchange(),
        allocator: context.channel.allocator
      )
    context.write(self.wrapOutboundOut(refusal), promise: nil)
    LingeringClose.begin(context)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .all, context.channel.isActive else {
      return context.close(mode: mode, promise: promise)
    }
    context.channel.closeFuture.cascade(to: promise)
    guard !self.isLeaving else { return }
    self.isLeaving = true
    LingeringClose.begin(context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if self.isLeaving, event as? ChannelEvent == .inputClosed {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  /// An empty SETTINGS frame, as a connection must begin, and a GOAWAY with PROTOCOL_ERROR.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc9113#section-6.8
  private static let goAway: ByteBuffer = {
    let reason = Array("this port speaks TLS".utf8)
    let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
    let head: [UInt8] = [0, 0, UInt8(8 + reason.count), 7, 0, 0, 0, 0, 0]
    return ByteBuffer(bytes: settings + head + [0, 0, 0, 0, 0, 0, 0, 1] + reason)
  }()
}

/// What of TLS is told apart and answered without a TLS library.
///
/// Source: https://www.rfc-editor.org/rfc/rfc8446#section-5.1
enum TLSRecord {
  /// The first byte of a connection that speaks TLS, and of none that speaks HTTP.
  static let handshake: UInt8 = 22
  /// The fatal alert handshake_failure, which ends a hello to a port without TLS.
  static let refusal = ByteBuffer(bytes: [21, 3, 1, 0, 2, 2, 40])
}

/// The handlers before a connection that must speak TLS.
struct Encryption {
  let entrance: TLSEntrance
  let handler: NIOSSLServerHandler
}
