import GRPCWire
import HTTPMessage
import RPC
import Synchronization

extension ServiceChannel {
  /// How often it is looked whether there is something to do.
  private static let tick = Duration.milliseconds(100)
  /// Between two look-ups at least, whatever fails.
  private static let shortestResolve = Duration.milliseconds(500)
  private static let resolveTimeout = Duration.seconds(5)
  /// Longer than it takes to give a connection up.
  private static let checkTimeout = Duration.seconds(3)

  /// Starts looking after the endpoints, once.
  func startUpkeep() {
    self.upkeep.withLock { upkeep in
      // One task a channel, which `close()` ends: calls come and go while it runs. Detached from the
      // first of them, whose deadline is not its own.
      upkeep.start {
        Task.detached {
          await withDiscardingTaskGroup { group in
            if self.targets.contains(where: { !$0.isAddress }) {
              group.addTask { await self.keepResolving() }
            }
            group.addTask { await self.keepChecking() }
          }
        }
      }
    }
  }

  // MARK: Names

  private func keepResolving() async {
    var known: [ChannelTarget: [String]] = [:]
    while !Task.isCancelled {
      await self.resolve(&known)
      let began = ContinuousClock.now
      repeat {
        do { try await Task.sleep(for: Self.tick) } catch { return }
      } while !self.isResolutionDue(since: began)
    }
  }

  private func isResolutionDue(since last: ContinuousClock.Instant) -> Bool {
    let age = ContinuousClock.now - last
    if age >= self.config.resolveInterval { return true }
    return age >= Self.shortestResolve && self.upkeep.withLock { $0.takeWish() }
  }

  /// Looks every name up; one that can't be looked up keeps the addresses it had.
  private func resolve(_ known: inout [ChannelTarget: [String]]) async {
    var endpoints: [EndpointAddress] = []
    for target in self.targets {
      if target.isAddress {
        endpoints.append(target.endpoint(at: target.host))
        continue
      }
      let resolver = self.resolver
      let found = try? await withDeadline(.now + Self.resolveTimeout) {
        try await resolver(target.host)
      }
      if let found, !found.isEmpty { known[target] = found }
      endpoints += (known[target] ?? []).map(target.endpoint(at:))
    }
    guard !Task.isCancelled else { return }
    self.fleet.withLock { fleet in
      guard !fleet.isClosed else { return }
      fleet.replace(by: endpoints, now: .now, transport: self.transport)
      fleet.isResolved = true
    }
    self.waiters.wake()
  }

  // MARK: Endpoints

  private func keepChecking() async {
    // A machine that doesn't answer holds up nothing but the look at itself.
    await withDiscardingTaskGroup { group in
      var last: ContinuousClock.Instant?
      while !Task.isCancelled {
        let now = ContinuousClock.now
        let interval = self.config.health?.interval
        let isHealthDue = interval.map { interval in last.map { now - $0 >= interval } ?? true }
        if isHealthDue == true { last = now }
        let due = self.fleet.withLock { $0.beginChecks(ofAll: isHealthDue == true, now: now) }
        for endpoint in due { group.addTask { await self.check(endpoint) } }
        self.report()
        for idle in self.fleet.withLock({ $0.takeIdle() }) { await idle.close() }
        do { try await Task.sleep(for: Self.tick) } catch { return group.cancelAll() }
      }
    }
  }

  private func report() {
    let endpoints = self.fleet.withLock { $0.endpoints }
    let tokens = self.allowance.withLock { $0.tokens }
    self.metrics.set(endpoints, tokens: tokens, now: .now)
  }

  /// Asks an endpoint for its health.
  private func check(_ endpoint: Endpoint) async {
    let health = await self.health(of: endpoint)
    let isBack = self.fleet.withLock { fleet in
      fleet.checked(
        endpoint.id,
        health,
        heedsServing: self.config.health != nil,
        now: .now
      )
    }
    if isBack { self.waiters.wake() }
  }

  private func health(of endpoint: Endpoint) async -> Fleet.Health {
    do throws(RPCError) {
      let answer = try await self.healthAnswer(of: endpoint)
      return answer.status == .serving ? .serving : .notServing
    } catch {
      switch error.reason {
      case "UNREACHABLE", "REFUSED", "INTERRUPTED": return .unreachable
      case "DEADLINE_EXCEEDED", "TIMED_OUT", "CANCELED": return .silent
      // A server without a health check is taken to be well, as in gRPC.
      default: return error.code == .unimplemented ? .serving : .notServing
      }
    }
  }

  private func healthAnswer(
    of endpoint: Endpoint
  ) async throws(RPCError) -> Grpc_Health_V1_HealthCheckResponse {
    let (scheme, handler) = (endpoint.address.scheme, endpoint.transport.handler)
    var request = Grpc_Health_V1_HealthCheckRequest()
    request.service = self.config.health?.serviceName ?? ""
    switch self.healthProtocol {
    case .connect:
      let url = "\(scheme)://\(endpoint.authority)"
      guard let client = try? RPCClient(baseURL: url, send: handler) else {
        throw RPCError(.unavailable, "no address", details: [.errorInfo(reason: "UNREACHABLE")])
      }
      return try await client.call(HealthMethods.check, request, timeout: Self.checkTimeout)
    case .grpc:
      return try await GRPCClient(scheme: scheme, send: handler).call(
        HealthMethods.check.path,
        request,
        deadline: .now + Self.checkTimeout
      )
    }
  }
}
