import HTTPMessage
import RPC
import Synchronization
import Testing

@testable import Admission

@Suite(.timeLimit(.minutes(1))) struct `Calls that wait for their turn` {
  private static let later = ContinuousClock.now + .seconds(3600)

  /// A limiter of 4 at once, all of which are at work.
  private func full(mostWaiting: Int = 10) async throws -> ConcurrencyLimiter {
    let limiter = ConcurrencyLimiter(.read, most: 4, mostWaiting: mostWaiting)
    for _ in 0..<4 { try await limiter.enter(.standard, until: Self.later) }
    return limiter
  }

  /// Starts a call and returns once it waits.
  private func wait(
    _ limiter: ConcurrencyLimiter,
    _ priority: CallPriority,
    until deadline: ContinuousClock.Instant = later,
    then note: @escaping @Sendable (Result<Void, any Error>) -> Void
  ) async -> Task<Void, Never> {
    let before = limiter.load.waiting
    let task = Task {
      do {
        try await limiter.enter(priority, until: deadline)
        note(.success(()))
      } catch { note(.failure(error)) }
    }
    #expect(await eventually { limiter.load.waiting == before + 1 })
    return task
  }

  private func leave(_ limiter: ConcurrencyLimiter) {
    limiter.leave(atWork: .milliseconds(10), .answered)
  }

  @Test func `go by importance and then by age`() async throws {
    let limiter = try await self.full()
    let order = Order()
    for (name, priority) in [
      ("s", CallPriority.sheddable), ("d1", .standard), ("d2", .standard), ("c", .critical),
    ] {
      _ = await self.wait(limiter, priority) { _ in order.append(name) }
    }
    for count in 1...4 {
      self.leave(limiter)
      #expect(await eventually { order.names.count == count })
    }
    // A slow machine may have let them wait so long that the newest goes first.
    #expect(order.names.first == "c")
    #expect(order.names.last == "s")
    #expect(limiter.load == (running: 4, waiting: 0))
  }

  @Test func `are taken newest first once calls have been waiting for a while`() async throws {
    let limiter = try await self.full()
    let order = Order()
    _ = await self.wait(limiter, .standard) { _ in order.append("old") }
    try await Task.sleep(for: WaitingCalls.crowdedAfter)
    _ = await self.wait(limiter, .standard) { _ in order.append("new") }
    self.leave(limiter)
    #expect(await eventually { order.names == ["new"] })
    self.leave(limiter)
    #expect(await eventually { order.names == ["new", "old"] })
  }

  @Test func `leave a full queue to more important ones`() async throws {
    let limiter = try await self.full(mostWaiting: 1)
    let refused = Order()
    _ = await self.wait(limiter, .sheddable) { result in
      if case .failure(let overload as Overload) = result {
        refused.append(overload.reason.rawValue)
      }
    }
    #expect(limiter.overload(for: .critical) == nil)
    let critical = Task { try await limiter.enter(.critical, until: Self.later) }
    #expect(await eventually { refused.names == ["OVERLOADED"] })
    #expect(limiter.overload(for: .sheddable)?.reason == .limit)
    await #expect(throws: Overload.self) {
      try await limiter.enter(.sheddable, until: Self.later)
    }
    self.leave(limiter)
    try await critical.value
  }

  @Test func `give their place back when they are cancelled`() async throws {
    let limiter = try await self.full()
    let outcome = Order()
    let task = await self.wait(limiter, .standard) { result in
      if case .failure(is CancellationError) = result { outcome.append("cancelled") }
    }
    task.cancel()
    #expect(await eventually { outcome.names == ["cancelled"] })
    #expect(limiter.load == (running: 4, waiting: 0))
    let cancelled = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await limiter.enter(.standard, until: Self.later)
    }
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(limiter.load.waiting == 0)
  }

  @Test func `are refused where their time will not do`() async throws {
    let limiter = try await self.full()
    // A window in which calls took a second.
    try await Task.sleep(for: LatencyWindow.longest)
    limiter.leave(atWork: .seconds(1), .answered)
    try await limiter.enter(.standard, until: Self.later)
    let error = await #expect(throws: Overload.self) {
      try await limiter.enter(.standard, until: .now + .milliseconds(900))
    }
    #expect(error?.reason == .deadline)
    // The quarter of a second until one of four has ended, and its own second.
    let task = await self.wait(limiter, .standard, until: .now + .seconds(30)) { _ in }
    task.cancel()
  }

  @Test func `give up an eighth of their time before its end`() async {
    let start = ContinuousClock.now
    let outcome: WaitingCalls.Turn = await withCheckedContinuation { continuation in
      var waiting = WaitingCalls()
      let end = start + .seconds(80)
      let call = WaitingCalls.Call(ticket: 1, deadline: end, continuation: continuation)
      waiting.add(call, .standard, start)
      #expect(waiting.removeLate(start + .seconds(69), work: .zero).isEmpty)
      #expect(waiting.count == 1)
      #expect(waiting.removeLate(start + .seconds(71), work: .zero).map(\.ticket) == [1])
      #expect(waiting.count == 0)
      waiting.add(call, .standard, start)
      #expect(waiting.removeLate(start, work: .seconds(79)).isEmpty)
      #expect(waiting.removeLate(start, work: .seconds(81)).count == 1)
      continuation.resume(returning: .cancelled)
    }
    guard case .cancelled = outcome else {
      Issue.record("the continuation was resumed by another")
      return
    }
  }

  @Test func `are answered 503 with a time to come back at`() async throws {
    var configuration = AdmissionControl.Configuration()
    configuration.mostRunning = 4
    configuration.mostWaiting = 0
    let gate = Gate()
    let server = try await GuardedServer(configuration, recommend: { _ in await gate.pass() })
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { _ = await server.call() } }
      #expect(await eventually { server.runs.value == 4 })
      let refused = await server.call()
      #expect(refused.status == 503)
      #expect(refused.text.contains("OVERLOADED"))
      #expect(refused.fields["retry-after"] == "1")
      #expect(refused.fields["retry-after-ms"] == "100")
      // The other class has room, and health is not asked to wait.
      #expect(await server.call(GuardedServer.writePath).status == 200)
      #expect(await server.call(HealthMethods.check.path).status == 200)
      gate.open()
    }
    #expect(await server.call().status == 200)
  }

  @Test func `of callers without that scope are not critical`() async throws {
    try await withFile("a \(hex("a")) read\nb \(hex("b")) read,critical") { path, _ in
      var configuration = AdmissionControl.Configuration()
      configuration.keysFile = path
      let server = try await GuardedServer(configuration)
      let priorities = ["a", "b"].map { key in
        var request = HTTPRequest(
          method: "POST",
          target: GuardedServer.readPath,
          fields: ["x-api-key": key, "x-priority": "critical"]
        )
        _ = server.server.admit(&request)
        return request.admission?.priority
      }
      #expect(priorities == [.standard, .critical])
    }
  }

  @Test func `hand their importance down to the calls they make`() async throws {
    let sent = Order()
    let client = try RPCClient(baseURL: "http://behind") { request in
      sent.append(request.fields["x-priority"] ?? "none")
      return HTTPResponse(status: 503)
    }
    let server = try await GuardedServer(recommend: { _ in
      _ = try? await client.call(HealthMethods.check, .init())
    })
    _ = await server.call(GuardedServer.readPath, ["x-priority": "critical"])
    _ = await server.call()
    #expect(sent.names == ["critical", "none"])
  }
}

/// What happened, in order.
final class Order: Sendable {
  private let list = Mutex<[String]>([])

  func append(_ name: String) { self.list.withLock { $0.append(name) } }

  var names: [String] { self.list.withLock { $0 } }
}

/// Holds those that come until it is opened.
final class Gate: Sendable {
  private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>(
    (false, [])
  )

  func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = self.state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiting = self.state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
