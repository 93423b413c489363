import HTTPMessage
import RPC
import Synchronization
import Testing

@testable import Admission

@Suite(.timeLimit(.minutes(1))) struct `Calls that wait for others` {
  private static let later = ContinuousClock.now + .seconds(3600)

  private func limiter(mostPaused: Int = 10) -> ConcurrencyLimiter {
    ConcurrencyLimiter(.read, most: 4, mostWaiting: 10, mostPaused: mostPaused)
  }

  private func enter(_ limiter: ConcurrencyLimiter) async throws -> CallTurn {
    try await limiter.enter(.standard, until: Self.later)
    let turn = CallTurn()
    turn.begin(limiter)
    return turn
  }

  /// A server of 4 calls at once and none that waits for its turn, whose handler waits for others.
  private func server(mostPaused: Int, _ gate: Gate) async throws -> GuardedServer {
    var configuration = AdmissionControl.Configuration()
    configuration.mostRunning = 4
    configuration.mostWaiting = 0
    configuration.mostPaused = mostPaused
    return try await GuardedServer(
      configuration,
      recommend: { _ in await withoutTurn { await gate.pass() } }
    )
  }

  @Test func `leave their turn to those that have work`() async throws {
    let gate = Gate()
    let server = try await self.server(mostPaused: 50, gate)
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<50 { group.addTask { await server.call().status } }
      #expect(await eventually { server.runs.value == 50 })
      gate.open()
      for await status in group { #expect(status == 200) }
    }
  }

  @Test func `keep it when as many as may wait do so`() async throws {
    let gate = Gate()
    let server = try await self.server(mostPaused: 2, gate)
    await withTaskGroup(of: Int.self) { group in
      for count in 1...6 {
        group.addTask { await server.call().status }
        #expect(await eventually { server.runs.value == count })
      }
      let refused = await server.call()
      #expect(refused.status == 503)
      #expect(refused.text.contains("OVERLOADED"))
      gate.open()
      for await status in group { #expect(status == 200) }
    }
    #expect(await server.call().status == 200)
  }

  @Test func `let the next one in at once, and come back beyond the limit`() async throws {
    let limiter = self.limiter()
    let first = try await self.enter(limiter)
    for _ in 0..<3 { _ = try await self.enter(limiter) }
    let next = Task { try await self.enter(limiter) }
    #expect(await eventually { limiter.load.waiting == 1 })
    first.pause()
    _ = try await next.value
    #expect(limiter.load == (running: 4, waiting: 0))
    #expect(limiter.paused == 1)
    first.resume()
    #expect(limiter.load == (running: 5, waiting: 0))
    #expect(limiter.paused == 0)
    first.end(.answered)
    #expect(limiter.load == (running: 4, waiting: 0))
  }

  @Test func `have their turn again when the last of their parts goes on`() async throws {
    let limiter = self.limiter()
    let call = try await self.enter(limiter)
    call.pause()
    call.pause()
    #expect(limiter.load.running == 0)
    call.resume()
    #expect(limiter.load.running == 0)
    call.resume()
    #expect(limiter.load.running == 1)
  }

  @Test(arguments: [true, false])
  func `are not taken for slow ones`(isPaused: Bool) async throws {
    let limiter = self.limiter(mostPaused: isPaused ? 1 : 0)
    let slow = try await self.enter(limiter)
    slow.pause()
    try await Task.sleep(for: LatencyWindow.longest)
    slow.resume()
    slow.end(.answered)
    for _ in 0..<4 { _ = try await self.enter(limiter) }
    // Behind four that take a second each, a call of half a second would be refused.
    let deadline = ContinuousClock.now + .milliseconds(500)
    let outcome = Order()
    let task = Task {
      do { try await limiter.enter(.standard, until: deadline) } catch let error as Overload {
        outcome.append(error.reason.rawValue)
      } catch { outcome.append("cancelled") }
    }
    #expect(await eventually { limiter.load.waiting == 1 || !outcome.names.isEmpty })
    task.cancel()
    await task.value
    #expect(outcome.names == [isPaused ? "cancelled" : "DEADLINE_UNREACHABLE"])
  }

  @Test func `give their turn back where they have one, if they are to`() async throws {
    #expect(await withoutTurn { 7 } == 7)
    let limiter = self.limiter()
    var scope = CallScope()
    scope.turn = try await self.enter(limiter)
    await CallScope.$current.withValue(scope) {
      #expect(await withoutTurn(if: false) { limiter.paused } == 0)
      #expect(await withoutTurn { limiter.paused } == 1)
    }
    #expect(limiter.paused == 0)
  }
}
