import Certificates
import HTTP2
import HTTPMessage
import NIOCore
import NIOPosix
import NIOSSL

/// The part of a client that lives on one event loop: its connection, or the calls that await one.
final class ClientLoop {
  private enum State {
    case idle
    case connecting
    case connected(ClientConnection)
    case closed
  }

  let eventLoop: any EventLoop
  let configuration: HTTP2ClientConfiguration
  let authority: String

  private let host: String
  private let port: Int
  private let credentials: Credentials?
  /// What the server's certificate must be for.
  private let serverName: String
  private var state = State.idle
  private var waiting: [Call] = []

  init(
    _ eventLoop: any EventLoop,
    host: String,
    port: Int,
    credentials: Credentials?,
    serverName: String,
    configuration: HTTP2ClientConfiguration
  ) {
    self.eventLoop = eventLoop
    self.host = host
    self.port = port
    self.credentials = credentials
    self.serverName = serverName
    self.configuration = configuration
    self.authority = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  func start(_ call: Call, _ continuation: CheckedContinuation<HTTPResponse, any Error>) {
    call.await(continuation)
    guard !call.isCancelled else { return call.finish(.failure(CancellationError())) }
    switch self.state {
    case .connected(let connection) where connection.takesRequests:
      connection.send(call)
    case .idle, .connected:
      self.waiting.append(call)
      self.connect()
    case .connecting:
      self.waiting.append(call)
    case .closed:
      call.finish(.failure(HTTPTransportError(.unreachable, "the client is closed")))
    }
  }

  func cancel(_ call: Call) {
    call.cancel()
    self.waiting.removeAll { $0 === call }
  }

  /// Asks the peer of an idle connection as well whether it is still there.
  func doubt() {
    if case .connected(let connection) = self.state { connection.doubt() }
  }

  /// Lets the next call make another connection; requests in flight on this one may go on.
  func forget(_ connection: ClientConnection) {
    if case .connected(let current) = self.state, current === connection { self.state = .idle }
  }

  func close() -> EventLoopFuture<Void> {
    let state = self.state
    self.state = .closed
    self.failWaiting(HTTPTransportError(.unreachable, "the client is closed"))
    guard case .connected(let connection) = state else {
      return self.eventLoop.makeSucceededVoidFuture()
    }
    return connection.close()
  }

  // MARK: Connecting

  private func connect() {
    self.state = .connecting
    let loop = NIOLoopBound(self, eventLoop: self.eventLoop)
    let bootstrap = ClientBootstrap(group: self.eventLoop)
      .connectTimeout(TimeAmount(self.configuration.connectTimeout))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try loop.value.addHandlers(to: channel.pipeline.syncOperations)
        }
      }
    let address = try? SocketAddress(ipAddress: self.host, port: self.port)
    // An address needs no look-up, for which a thread would be used.
    let channel =
      if let address {
        bootstrap.connect(to: address)
      } else {
        bootstrap.connect(host: self.host, port: self.port)
      }
    channel.assumeIsolated().whenComplete { result in
      do {
        let pipeline = try result.get().pipeline.syncOperations
        self.opened(try pipeline.handler(type: ClientConnection.self))
      } catch {
        self.connectionFailed(error)
      }
    }
  }

  /// Gives a channel a connection of its own: where a name has several addresses, each is tried on
  /// another channel, and the end of one says nothing of the others.
  private func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations) throws {
    var handshake: Handshake?
    if let credentials = self.credentials {
      // TLS knows no addresses as names; the certificate is then compared with the peer's address.
      let isAddress = (try? SocketAddress(ipAddress: self.serverName, port: self.port)) != nil
      let encryption = try NIOSSLClientHandler(
        context: credentials.context,
        serverHostname: isAddress ? nil : self.serverName
      )
      let limit = TimeAmount(self.configuration.connectTimeout)
      let own = Handshake(on: self.eventLoop, limit: limit)
      try pipeline.addHandlers([encryption, own])
      handshake = own
    }
    try pipeline.addHandler(ClientConnection(self, handshake: handshake?.end.futureResult))
  }

  private func opened(_ connection: ClientConnection) {
    guard let handshake = connection.handshake else { return self.connected(connection) }
    handshake.assumeIsolated().whenComplete { result in
      switch result {
      case .success: self.connected(connection)
      case .failure(let error):
        _ = connection.close()
        self.connectionFailed(error)
      }
    }
  }

  private func connected(_ connection: ClientConnection) {
    guard case .connecting = self.state else { return _ = connection.close() }
    self.state = .connected(connection)
    let calls = self.waiting
    self.waiting = []
    for call in calls { connection.send(call) }
  }

  private func connectionFailed(_ error: any Error) {
    guard case .connecting = self.state else { return }
    self.state = .idle
    let known = error as? HTTPTransportError
    self.failWaiting(
      HTTPTransportError(
        known?.reason ?? .unreachable,
        "\(self.authority): \(known?.description ?? "\(error)")",
        isUnsent: true
      )
    )
  }

  private func failWaiting(_ error: HTTPTransportError) {
    let calls = self.waiting
    self.waiting = []
    for call in calls { call.finish(.failure(error)) }
  }
}
