import HTTPMessage
import NIOCore
import NIOSSL
import NIOTLS

/// Stands behind a client's TLS handler until the handshake has ended.
final class Handshake: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  /// Succeeds when the connection may be used.
  let end: EventLoopPromise<Void>

  /// - Parameters:
  ///   - eventLoop: That of the connection.
  ///   - limit: How long the handshake may take, and connecting before it.
  init(on eventLoop: any EventLoop, limit: TimeAmount) {
    let end = eventLoop.makePromise(of: Void.self)
    let timeout = eventLoop.scheduleTask(in: limit) {
      end.fail(HTTPTransportError(.unreachable, "the TLS handshake took too long"))
    }
    end.futureResult.whenComplete { _ in timeout.cancel() }
    self.end = end
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
      if negotiated == "h2" {
        self.end.succeed()
      } else {
        self.end.fail(HTTPTransportError(.protocolError, "the server does not speak HTTP/2"))
        context.close(promise: nil)
      }
      context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    self.end.fail(HTTPTransportError(tls: error) ?? error)
    context.fireErrorCaught(error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.end.fail(HTTPTransportError(.unreachable, "the connection ended in the TLS handshake"))
    context.fireChannelInactive()
  }

  /// Of a channel that never became active, as another address was faster.
  func handlerRemoved(context: ChannelHandlerContext) {
    self.end.fail(HTTPTransportError(.unreachable, "the connection was not made"))
  }
}

extension HTTPTransportError {
  /// What an error of the TLS library means, or `nil` where it is another's or says no more than
  /// that the connection ended.
  init?(tls error: any Error) {
    switch error {
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      self.init(.protocolError, "the server's certificate is for another name")
    case NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate:
      self.init(.protocolError, "the server's certificate can't be trusted")
    case NIOSSLError.handshakeFailed(.sslError(let stack)), BoringSSLError.sslError(let stack):
      guard let name = stack.lazy.compactMap({ Self.name(of: $0) }).first else { return nil }
      switch name {
      case "CERTIFICATE_VERIFY_FAILED":
        self.init(.protocolError, "the server's certificate can't be trusted")
      case "WRONG_VERSION_NUMBER", "HTTP_REQUEST":
        self.init(.protocolError, "the server does not speak TLS")
      default:
        self.init(.protocolError, "TLS failed: \(name)")
      }
    default: return nil
    }
  }

  /// The reason in an entry of BoringSSL's error stack, such as "CERTIFICATE_VERIFY_FAILED".
  private static func name(of error: BoringSSLInternalError) -> Substring? {
    let marker = "OPENSSL_internal:"
    guard let range = error.description.firstRange(of: marker) else { return nil }
    return error.description[range.upperBound...].prefix {
      $0.isUppercase || $0 == "_" || $0.isNumber
    }
  }
}
