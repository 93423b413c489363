import HTTPMessage
import NIOCore
import Synchronization

/// The part of a server that lives on one event loop: its connections, its clock and its end.
final class ServerLoop {
  let eventLoop: any EventLoop
  let configuration: HTTPServerConfiguration
  let handler: HTTPHandler
  let executor: LoopTaskExecutor
  /// Milliseconds since the loop began to serve, as of the last look at the clock.
  private(set) var now = 0

  private let began = NIODeadline.now()
  private let connectionCount: ConnectionCount
  private var connections: [ObjectIdentifier: any ServerConnection] = [:]
  private var runningHandlers = 0
  private var clock: RepeatedTask?
  private var isEnforcingDeadlines = false
  private var drainPhase = DrainPhase.none
  private var drained: EventLoopPromise<Void>?
  private var drainTimers: [Scheduled<Void>] = []

  /// Whose deadlines are looked at in one turn of the loop: closing all of them takes about 1 ms.
  private static let connectionsPerTurn = 64
  private static let pauseBetweenTurns = TimeAmount.milliseconds(1)

  /// In which connections that were accepted at the last moment get here.
  private static let settlingTime = TimeAmount.milliseconds(100)

  private enum DrainPhase {
    case none
    /// Clients are told; idle ones of HTTP/1.1 may send another request.
    case announced
    /// The same, and no more connections come.
    case settled
    /// Connections end with what is in flight.
    case begun
  }

  init(
    _ eventLoop: any EventLoop,
    configuration: HTTPServerConfiguration,
    handler: @escaping HTTPHandler,
    connectionCount: ConnectionCount
  ) {
    self.eventLoop = eventLoop
    self.configuration = configuration
    self.handler = handler
    self.executor = LoopTaskExecutor(eventLoop)
    self.connectionCount = connectionCount
  }

  var limits: HTTPServerLimits { self.configuration.limits }

  /// Takes a connection in, unless there are too many.
  func add(_ connection: any ServerConnection) -> Bool {
    guard self.drainPhase != .begun,
      self.connectionCount.increment(below: self.limits.maxConnections)
    else { return false }
    self.connections[ObjectIdentifier(connection)] = connection
    if self.clock == nil { self.startClock() }
    if self.drainPhase != .none { connection.announceDrain() }
    return true
  }

  /// Puts the connection that speaks the protocol in the place of the one that found it out.
  func replace(_ old: any ServerConnection, by new: any ServerConnection) {
    self.connections[ObjectIdentifier(old)] = nil
    self.connections[ObjectIdentifier(new)] = new
    if self.drainPhase != .none { new.announceDrain() }
  }

  func remove(_ connection: any ServerConnection) {
    guard self.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    self.connectionCount.decrement()
    if self.connections.isEmpty { self.stopClock() }
    self.finishDrainIfEmpty()
  }

  // MARK: Handlers

  /// Runs the handler on this loop until it first waits, and calls `answer` on the loop.
  ///
  /// The task is one per request, ends with its answer and is cancelled with its connection. Where
  /// `answer` returns an outlet, the task goes on to send the response's stream through it.
  func run(
    _ request: HTTPRequest,
    answer: @escaping (HTTPResponse) -> ResponseOutlet?
  ) -> Task<Void, Never> {
    self.runningHandlers += 1
    let handler = self.handler
    let eventLoop = self.eventLoop
    let begin = NIOLoopBound(
      { (response: HTTPResponse) -> NIOLoopBound<ResponseOutlet>? in
        guard let outlet = answer(response) else {
          self.handlerEnded()
          return nil
        }
        outlet.handlerEnded = { self.handlerEnded() }
        return NIOLoopBound(outlet, eventLoop: eventLoop)
      },
      eventLoop: eventLoop
    )
    return Task.immediate(executorPreference: self.executor) {
      let response: HTTPResponse
      do { response = try await handler(request) } catch { response = HTTPResponse(status: 500) }
      let outlet =
        if eventLoop.inEventLoop {
          begin.value(response)
        } else {
          await eventLoop.running { begin.value(response) }
        }
      guard let outlet, let stream = response.stream else { return }
      await stream.flow(into: outlet, on: eventLoop)
      await eventLoop.running { outlet.value.handlerEnded?() }
    }
  }

  private func handlerEnded() {
    self.runningHandlers -= 1
    self.finishDrainIfEmpty()
  }

  // MARK: Time

  private func startClock() {
    self.readClock()
    let shortest = min(
      self.limits.requestReadTimeout,
      self.limits.handshakeTimeout,
      self.limits.idleTimeout,
      self.limits.responseWriteTimeout,
      self.limits.maxConnectionAge ?? .seconds(1),
      self.limits.pingInterval ?? .seconds(1)
    )
    let period = min(.milliseconds(250), TimeAmount(shortest / 4))
    let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
    self.clock = self.eventLoop.scheduleRepeatedTask(initialDelay: period, delay: period) { _ in
      bound.value.readClock()
      bound.value.enforceDeadlines()
    }
  }

  private func enforceDeadlines() {
    guard !self.isEnforcingDeadlines else { return }
    self.enforceDeadlines(of: Array(self.connections.values)[...])
  }

  /// Looks at some connections in each turn of the loop, so that with thousands of them a request
  /// does not wait for all.
  private func enforceDeadlines(of connections: ArraySlice<any ServerConnection>) {
    for connection in connections.prefix(Self.connectionsPerTurn) { connection.enforceDeadlines() }
    let rest = connections.dropFirst(Self.connectionsPerTurn)
    self.isEnforcingDeadlines = !rest.isEmpty
    guard self.isEnforcingDeadlines else { return }
    // The loop runs what it is given to execute before it looks at its sockets again.
    self.eventLoop.assumeIsolated().scheduleTask(in: Self.pauseBetweenTurns) {
      self.enforceDeadlines(of: rest)
    }
  }

  private func stopClock() {
    self.clock?.cancel()
    self.clock = nil
  }

  private func readClock() {
    self.now = Int((NIODeadline.now() - self.began).nanoseconds / 1_000_000)
  }

  // MARK: The end

  /// Lets the requests in flight finish, then cancels them; succeeds when all connections are gone.
  func drain() -> EventLoopFuture<Void> {
    let promise = self.eventLoop.makePromise(of: Void.self)
    self.drained = promise
    self.drainPhase = .announced
    self.forEachConnection { $0.announceDrain() }
    let notice = TimeAmount(self.limits.drainNotice)
    let grace = TimeAmount(max(self.limits.drainNotice, self.limits.drainGrace))
    if notice > Self.settlingTime {
      self.atDrain(after: Self.settlingTime) {
        self.drainPhase = .settled
        self.finishDrainIfEmpty()
      }
    }
    self.atDrain(after: notice) {
      self.drainPhase = .begun
      self.forEachConnection { $0.drain() }
      self.finishDrainIfEmpty()
    }
    self.atDrain(after: grace) { self.forEachConnection { $0.cancelHandlers() } }
    self.atDrain(after: grace + LingeringClose.limit) { self.forEachConnection { $0.close() } }
    // A handler that takes no notice of its cancellation is left behind.
    self.atDrain(after: grace + LingeringClose.limit * 2) { self.finishDrain() }
    return promise.futureResult
  }

  private func atDrain(after delay: TimeAmount, _ body: @escaping () -> Void) {
    self.drainTimers.append(
      self.eventLoop.assumeIsolated().scheduleTask(in: delay, body)
    )
  }

  /// Calls `body` with each connection there is now, which it may end.
  private func forEachConnection(_ body: (any ServerConnection) -> Void) {
    for connection in Array(self.connections.values) { body(connection) }
  }

  private func finishDrainIfEmpty() {
    guard self.drainPhase == .begun || self.drainPhase == .settled, self.connections.isEmpty,
      self.runningHandlers == 0
    else { return }
    self.finishDrain()
  }

  private func finishDrain() {
    for timer in self.drainTimers { timer.cancel() }
    self.drainTimers = []
    self.drained?.succeed(())
    self.drained = nil
  }
}

extension EventLoop {
  /// Runs `body` on the loop, at once when the caller is there.
  fileprivate func running<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
    if self.inEventLoop { return body() }
    return await withCheckedContinuation { continuation in
      self.execute { continuation.resume(returning: body()) }
    }
  }
}

extension HTTPBodyStream {
  /// Sends piece after piece as there is room for them, to the end of the body or of the client.
  fileprivate func flow(
    into outlet: NIOLoopBound<ResponseOutlet>,
    on eventLoop: any EventLoop
  ) async {
    do {
      while let bytes = try await self.next() {
        let isWanted = await withCheckedContinuation { sender in
          if eventLoop.inEventLoop {
            outlet.value.send(bytes, sender)
          } else {
            eventLoop.execute { outlet.value.send(bytes, sender) }
          }
        }
        guard isWanted else { return self.cancel() }
      }
      let trailers = self.trailers
      await eventLoop.running { outlet.value.end(trailers: trailers) }
    } catch {
      await eventLoop.running { outlet.value.abort() }
    }
  }
}

/// How many connections a server holds, over all its loops.
final class ConnectionCount: Sendable {
  private let count = Atomic(0)

  func increment(below limit: Int) -> Bool {
    guard self.count.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
      self.decrement()
      return false
    }
    return true
  }

  func decrement() { self.count.wrappingSubtract(1, ordering: .relaxed) }
}
