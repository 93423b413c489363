package import HTTPMessage
package import RPC
import Synchronization

/// Sends requests to whichever endpoints of a service do their work.
///
/// It works at the level of HTTP: it chooses an endpoint for each attempt, repeats or hedges calls as
/// the service config allows, and leaves out endpoints that fail. A streamed response counts as
/// answered with its head. Names are looked up, and endpoints asked for their health, from the first
/// call until `close()`.
package final class ServiceChannel: Sendable {
  /// Looks up the IP addresses that a name stands for; throws or gives none when it has none.
  package typealias Resolver = @Sendable (String) async throws -> [String]

  /// As in metrics and snapshots.
  package let name: String
  let config: ServiceConfig
  let targets: [ChannelTarget]
  let resolver: Resolver
  let healthProtocol: HealthProtocol
  let transport: @Sendable (EndpointAddress) -> EndpointTransport
  let fleet: Mutex<Fleet>
  let allowance: Mutex<RetryAllowance>
  let methods: MethodDirectory
  let metrics: EndpointMetrics
  let waiters = Waiters()
  let upkeep = Mutex(Upkeep())
  private let isLookedAfter = Atomic(false)

  /// A channel that contacts nobody before its first call.
  ///
  /// - Parameters:
  ///   - name: Of the service, as in "embedding-service".
  ///   - targets: Where it answers, in the order that `pick_first` keeps to.
  ///   - config: How calls are balanced and repeated.
  ///   - idempotency: What calling the method of a path twice does; `nil` for an unknown path.
  ///   - resolver: Looks names up; the system's resolver by default.
  ///   - healthProtocol: How endpoints are asked for their health.
  ///   - transport: Makes a client of one endpoint, which need not connect yet.
  package init(
    name: String,
    targets: [ChannelTarget],
    config: ServiceConfig = ServiceConfig(),
    idempotency: @escaping @Sendable (String) -> Idempotency?,
    resolver: @escaping Resolver = SystemResolver.resolve,
    healthProtocol: HealthProtocol = .connect,
    transport: @escaping @Sendable (EndpointAddress) -> EndpointTransport
  ) {
    self.name = name
    self.config = config
    self.targets = targets
    self.resolver = resolver
    self.healthProtocol = healthProtocol
    self.transport = transport
    let known = targets.compactMap { target in
      target.isAddress ? target.endpoint(at: target.host) : nil
    }
    var fleet = Fleet(
      balancing: config.balancing,
      outliers: config.outliers,
      isResolved: known.count == targets.count
    )
    if fleet.isResolved { fleet.replace(by: known, now: .now, transport: transport) }
    self.fleet = Mutex(fleet)
    self.allowance = Mutex(RetryAllowance(config.throttling, config.budget))
    self.methods = MethodDirectory(channel: name, config: config, idempotency: idempotency)
    self.metrics = EndpointMetrics(channel: name)
  }

  /// The channel as something that answers requests.
  package var handler: HTTPHandler {
    { request in try await self.send(request) }
  }

  /// Sends `request` and awaits the head of the response that counts.
  ///
  /// The request's `Connect-Timeout-Ms`, or `grpc-timeout`, bounds all attempts; that it is kept to
  /// the millisecond is for the caller to see to.
  ///
  /// - Returns: The response of the last attempt, an error of the server's included.
  /// - Throws: `HTTPTransportError` when no attempt had a response, `CancellationError` as soon as
  ///   the task is cancelled.
  nonisolated(nonsending) package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    if !self.isLookedAfter.exchange(true, ordering: .relaxed) { self.startUpkeep() }
    let call = ChannelCall(request, self.methods.method(of: request.target))
    self.allowance.withLock { $0.begin() }
    let attempt =
      if call.isShortened, let deadline = call.deadline {
        await self.perform(call, until: deadline)
      } else {
        await self.perform(call)
      }
    if attempt.code == nil { call.method.record(since: call.began) }
    return try attempt.result.get()
  }

  nonisolated(nonsending) private func perform(
    _ call: ChannelCall,
    until deadline: ContinuousClock.Instant
  ) async -> Attempt {
    do {
      return try await withDeadline(deadline) { await self.perform(call) }
    } catch {
      return Attempt(error)
    }
  }

  nonisolated(nonsending) private func perform(_ call: ChannelCall) async -> Attempt {
    switch call.method.config.repetition {
    case .none: await self.attempt(call, previous: 0)
    case .retry(let policy): await self.retry(call, policy)
    case .hedge(let policy) where call.idempotency == .noSideEffects:
      await self.hedge(call, policy)
    case .hedge: await self.attempt(call, previous: 0)
    }
  }

  /// Ends the connections and what looks after the endpoints; later calls fail as unreachable.
  package func close() async {
    self.upkeep.withLock { $0.end() }
    let transports = self.fleet.withLock { $0.takeAll() }
    self.waiters.wake()
    for transport in transports { await transport.close() }
  }
}
