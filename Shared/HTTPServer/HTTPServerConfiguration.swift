package import Certificates
package import HTTPMessage
package import NIOPosix

/// Where a server listens and what it lets its clients do.
package struct HTTPServerConfiguration: Sendable {
  package var host: String
  /// 0...65535; 0 takes a free port.
  package var port: Int
  /// The event loops that serve; a client on the same ones answers without changing threads.
  package var group: MultiThreadedEventLoopGroup
  package var limits = HTTPServerLimits()
  /// What the server shows of itself by TLS, which it then demands; `nil` serves in plain text.
  package var credentials: Credentials?
  /// The answer to a request that never reaches the handler, by what came of its header.
  package var rejection: @Sendable (HTTPRejection, HeaderFields) -> HTTPResponse
  /// Asked about each request on its event loop once its header is there, and before its body is
  /// read: may note what it found out in the request, or answer in the handler's place.
  package var admit: (@Sendable (inout HTTPRequest) -> HTTPResponse?)?

  package init(
    host: String,
    port: Int,
    group: MultiThreadedEventLoopGroup = .singleton,
    rejection: @escaping @Sendable (HTTPRejection, HeaderFields) -> HTTPResponse
  ) {
    self.host = host
    self.port = port
    self.group = group
    self.rejection = rejection
  }
}

/// The bounds of one server.
///
/// Times are checked a few times each second, so they are not exact.
package struct HTTPServerLimits: Sendable, Hashable {
  /// The target, names and values of HTTP/1.1; names, values and 32 for each field of HTTP/2.
  package var maxHeaderBytes = 16 << 10
  /// As on the wire, before any decompression.
  package var maxBodyBytes = 5 << 20
  /// Requests at a time on one HTTP/2 connection.
  package var maxConcurrentStreams = 250
  /// Further connections are closed as soon as they are accepted.
  package var maxConnections = 10_000
  /// From accepting a connection to the end of its TLS handshake.
  package var handshakeTimeout = Duration.seconds(10)
  /// After which a connection takes no more requests, give or take a tenth; `nil` for never.
  ///
  /// What is in flight then has `drainGrace` to finish.
  package var maxConnectionAge: Duration?
  /// Silence, with requests in flight, after which an HTTP/2 client is asked for a sign of life;
  /// `nil` for never.
  package var pingInterval: Duration? = Duration.seconds(30)
  /// How long it may take to give one.
  package var pingTimeout = Duration.seconds(20)
  /// From a request's first byte to its last.
  package var requestReadTimeout = Duration.seconds(10)
  /// How long a connection may stay open with nothing to do.
  package var idleTimeout = Duration.seconds(120)
  /// From a response's start until the socket has taken it all.
  package var responseWriteTimeout = Duration.seconds(30)
  /// How long idle connections of HTTP/1.1 stay open after the end began.
  ///
  /// A request that comes meanwhile is answered with `Connection: close`; one that crosses the end
  /// of its connection is lost, as nothing in HTTP/1.1 tells its client that it was not read.
  /// Connections of HTTP/2 end as soon as their clients have heard of it.
  package var drainNotice = Duration.seconds(2)
  /// How long requests in flight may take after the end began before they are cancelled, and no less
  /// than `drainNotice`.
  package var drainGrace = Duration.seconds(25)

  package init() {}
}

/// Where a server listens.
package struct HTTPServerAddress: Sendable, Hashable {
  /// As given to the server.
  package var host: String
  /// 1...65535.
  package var port: Int
}
