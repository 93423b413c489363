package import Certificates
package import HTTPMessage
import NIOCore
package import NIOPosix
import Synchronization

/// Sends requests to one of our own services over HTTP/2, by TLS or in plain text.
///
/// Each event loop has one connection of its own, made when first needed and again after it ended.
/// A call that comes from one of the loops stays on it; others are spread over them.
package final class HTTP2Client: Sendable {
  private let loops: [NIOLoopBoundBox<ClientLoop>]
  private let eventLoops: [any EventLoop]
  private let indexOfLoop: [ObjectIdentifier: Int]
  private let turn = Atomic(0)

  /// Makes a client that connects when it is first used.
  ///
  /// - Parameters:
  ///   - host: A name or an IP address; names are looked up for each connection.
  ///   - port: 1...65535.
  ///   - credentials: Whom to trust and what to show by TLS; `nil` sends in plain text. What they
  ///     are reloaded with is used for the next connection.
  ///   - serverName: What the server's certificate must be for; the host when `nil`.
  ///   - group: The event loops that carry the connections, best those of the server that calls.
  ///   - configuration: How long to wait, and for how much.
  package init(
    host: String,
    port: Int,
    credentials: Credentials? = nil,
    serverName: String? = nil,
    group: MultiThreadedEventLoopGroup = .singleton,
    configuration: HTTP2ClientConfiguration = HTTP2ClientConfiguration()
  ) {
    let eventLoops = Array(group.makeIterator())
    self.eventLoops = eventLoops
    self.loops = eventLoops.map { eventLoop in
      .makeBoxSendingValue(
        ClientLoop(
          eventLoop,
          host: host,
          port: port,
          credentials: credentials,
          serverName: serverName ?? host,
          configuration: configuration
        ),
        eventLoop: eventLoop
      )
    }
    self.indexOfLoop = Dictionary(
      uniqueKeysWithValues: eventLoops.enumerated().map { (ObjectIdentifier($1), $0) }
    )
  }

  /// The client as something that answers requests.
  package var handler: HTTPHandler {
    { request in try await self.send(request) }
  }

  /// Sends `request` and awaits the whole response.
  ///
  /// - Throws: `HTTPTransportError`, or `CancellationError` as soon as the task is cancelled.
  package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let index = self.currentIndex ?? self.nextIndex
    let call = Call(request)
    do {
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          self.perform(on: index) { loop in loop.start(call, continuation) }
        }
      } onCancel: {
        self.perform(on: index) { loop in loop.cancel(call) }
      }
    } catch let error as HTTPTransportError {
      if error.reason == .unreachable || error.reason == .interrupted { self.doubt(but: index) }
      throw error
    }
  }

  /// What broke one connection likely broke the others, on which nothing may be under way to show it.
  private func doubt(but index: Int) {
    for other in self.loops.indices where other != index { self.perform(on: other) { $0.doubt() } }
  }

  /// Closes the connections; requests in flight end with `interrupted`, later ones with
  /// `unreachable`.
  package func close() async {
    for (eventLoop, loop) in zip(self.eventLoops, self.loops) {
      try? await eventLoop.flatSubmit { loop.value.close() }.get()
    }
  }

  private var currentIndex: Int? {
    MultiThreadedEventLoopGroup.currentEventLoop.flatMap { self.indexOfLoop[ObjectIdentifier($0)] }
  }

  private var nextIndex: Int {
    let turn = self.turn.wrappingAdd(1, ordering: .relaxed).newValue
    return Int(UInt(bitPattern: turn) % UInt(self.loops.count))
  }

  private func perform(on index: Int, _ body: @escaping @Sendable (ClientLoop) -> Void) {
    let loop = self.loops[index]
    if self.eventLoops[index].inEventLoop {
      body(loop.value)
    } else {
      self.eventLoops[index].execute { body(loop.value) }
    }
  }
}
