import HTTPMessage
import Metrics
import RPC
import Synchronization

/// Lets as many calls of one class run at once as can be answered in time; some others wait.
final class ConcurrencyLimiter: CallCounter {
  private typealias Ending = (call: WaitingCalls.Call, turn: WaitingCalls.Turn)

  private struct State {
    var limit: GradientLimit
    var window: LatencyWindow
    var waiting = WaitingCalls()
    var running = 0
    /// Calls that wait for others and need no turn meanwhile.
    var paused = 0
    /// Seconds of their own, of the calls of the latest window.
    var median = 0.0

    var hasRoom: Bool { self.running < Int(self.limit.value) }

    /// Seconds until so many calls have got their turn.
    func wait(for calls: Int) -> Double { Double(calls) * self.median / self.limit.value }
  }

  private let mostWaiting: Int
  private let mostPaused: Int
  private let state: Mutex<State>
  private let tickets = Atomic<UInt64>(0)
  private let limitMeter: Meter
  private let waitingMeter: Meter
  private let pausedMeter: Meter

  /// - Parameters:
  ///   - kind: For metrics.
  ///   - most: The most calls that ever run at once, 4 or more.
  ///   - mostWaiting: 0 or more; a call that comes when so many wait takes the place of a lesser one
  ///     or is refused.
  ///   - mostPaused: 0 or more; a call that waits for others when so many do keeps its turn.
  init(_ kind: CallClass, most: Int, mostWaiting: Int, mostPaused: Int = 0) {
    self.mostWaiting = mostWaiting
    self.mostPaused = mostPaused
    self.state = Mutex(State(limit: GradientLimit(most: most), window: LatencyWindow(.now)))
    let dimensions = [("class", kind.rawValue)]
    self.limitMeter = Meter(label: "rpc_server_concurrency_limit", dimensions: dimensions)
    self.waitingMeter = Meter(label: "rpc_server_queue_length", dimensions: dimensions)
    self.pausedMeter = Meter(label: "rpc_server_paused_calls", dimensions: dimensions)
    self.limitMeter.set(self.limit)
  }

  /// How many calls may run at once now.
  var limit: Int { self.state.withLock { Int($0.limit.value) } }

  /// Calls at work and calls that wait for their turn.
  var load: (running: Int, waiting: Int) {
    self.state.withLock { ($0.running, $0.waiting.count) }
  }

  /// Calls that wait for others.
  var paused: Int { self.state.withLock { $0.paused } }

  /// Why a call would be refused at once, or `nil`: asked before its body is read.
  func overload(for priority: CallPriority) -> Overload? {
    let now = ContinuousClock.now
    return self.state.withLock { state in
      guard !state.hasRoom, state.waiting.count >= self.mostWaiting,
        !state.waiting.hasLesser(than: priority, now)
      else { return nil }
      return Overload(.limit, wait: state.wait(for: state.waiting.count))
    }
  }

  /// Waits for the call's turn; whoever gets it calls `leave`.
  ///
  /// - Throws: `Overload`, or `CancellationError` when the caller no longer waits.
  func enter(_ priority: CallPriority, until deadline: ContinuousClock.Instant) async throws {
    guard !self.enterAtOnce() else { return }
    let ticket = self.tickets.wrappingAdd(1, ordering: .relaxed).newValue
    let turn = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let call = WaitingCalls.Call(
          ticket: ticket,
          deadline: deadline,
          continuation: continuation
        )
        self.end(self.arrive(call, priority))
        // The handler below may have run before the wait began.
        if Task.isCancelled { self.cancel(ticket) }
      }
    } onCancel: {
      self.cancel(ticket)
    }
    switch turn {
    case .now: return
    case .refused(let overload): throw overload
    case .cancelled: throw CancellationError()
    }
  }

  private func enterAtOnce() -> Bool {
    self.state.withLock { state in
      guard state.hasRoom, state.waiting.count == 0 else { return false }
      state.running += 1
      return true
    }
  }

  /// Puts a call where it belongs; gives those whose wait is over by it, itself perhaps.
  private func arrive(_ call: WaitingCalls.Call, _ priority: CallPriority) -> [Ending] {
    let now = ContinuousClock.now
    return self.state.withLock { state in
      let wait = state.wait(for: state.waiting.ahead(of: priority, now) + 1)
      guard now + .seconds(wait + state.median) <= call.deadline else {
        return [(call, .refused(Overload(.deadline, wait: wait)))]
      }
      var endings: [Ending] = []
      if state.waiting.count >= self.mostWaiting {
        let overload = Overload(.limit, wait: state.wait(for: state.waiting.count))
        guard let lesser = state.waiting.removeLesser(than: priority, now) else {
          return [(call, .refused(overload))]
        }
        endings.append((lesser, .refused(overload)))
      }
      state.waiting.add(call, priority, now)
      return endings + Self.fill(&state, now)
    }
  }

  /// Only calls that were answered, or took too long, say how long calls take.
  func leave(atWork: Duration, _ end: CallEnd) {
    let now = ContinuousClock.now
    let (endings, report) = self.state.withLock { state -> ([Ending], (Int, Int)?) in
      if end != .failed {
        state.window.add(
          seconds: atWork / .seconds(1),
          running: state.running,
          waiting: state.waiting.count
        )
      }
      state.running -= 1
      var endings: [Ending] = []
      var report: (Int, Int)?
      if state.window.isOver(now) {
        endings = Self.closeWindow(&state, now)
        report = (Int(state.limit.value), state.waiting.count)
      }
      return (endings + Self.fill(&state, now), report)
    }
    self.end(endings)
    if let report {
      self.limitMeter.set(report.0)
      self.waitingMeter.set(report.1)
    }
  }

  func pause() -> Bool {
    let now = ContinuousClock.now
    let endings = self.state.withLock { state -> [Ending]? in
      guard state.paused < self.mostPaused else { return nil }
      state.paused += 1
      state.running -= 1
      self.pausedMeter.set(state.paused)
      return Self.fill(&state, now)
    }
    guard let endings else { return false }
    self.end(endings)
    return true
  }

  /// Even beyond the limit: others wait until there is room again.
  func resume() {
    self.state.withLock { state in
      state.paused -= 1
      state.running += 1
      self.pausedMeter.set(state.paused)
    }
  }

  /// Learns from the window, and lets go of calls that can't be answered in time any more.
  private static func closeWindow(
    _ state: inout State,
    _ now: ContinuousClock.Instant
  ) -> [Ending] {
    let window = state.window
    state.window = LatencyWindow(now)
    state.limit.update(
      latency: window.mean,
      busiest: window.busiest,
      isSaturated: window.hadWaiting
    )
    if window.median > 0 { state.median = window.median }
    let late = state.waiting.removeLate(now, work: .seconds(state.median))
    let overload = Overload(.deadline, wait: state.wait(for: state.waiting.count))
    return late.map { ($0, .refused(overload)) }
  }

  private static func fill(_ state: inout State, _ now: ContinuousClock.Instant) -> [Ending] {
    var endings: [Ending] = []
    while state.hasRoom, let call = state.waiting.next(now) {
      if now + .seconds(state.median) > call.deadline {
        let overload = Overload(.deadline, wait: state.wait(for: state.waiting.count))
        endings.append((call, .refused(overload)))
      } else {
        state.running += 1
        endings.append((call, .now))
      }
    }
    return endings
  }

  private func cancel(_ ticket: UInt64) {
    if let call = self.state.withLock({ $0.waiting.remove(ticket: ticket) }) {
      self.end([(call, .cancelled)])
    }
  }

  private func end(_ endings: [Ending]) {
    for ending in endings { ending.call.continuation.resume(returning: ending.turn) }
  }
}
