import Synchronization

/// Calls that wait until something about the endpoints changes.
final class Waiters: Sendable {
  private struct State {
    /// Counts the changes, so that none is missed between a look and the wait.
    var generation: UInt64 = 0
    var nextTicket: UInt64 = 0
    var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  var generation: UInt64 { self.state.withLock { $0.generation } }

  var count: Int { self.state.withLock { $0.waiting.count } }

  /// Lets all waiting calls look again.
  func wake() {
    let waiting = self.state.withLock { state in
      state.generation &+= 1
      defer { state.waiting = [:] }
      return state.waiting
    }
    for continuation in waiting.values { continuation.resume() }
  }

  /// Waits for the first change after `generation`, or for the task's cancellation.
  func wait(after generation: UInt64) async {
    let ticket = self.state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = self.state.withLock { state in
          guard state.generation == generation else { return false }
          state.waiting[ticket] = continuation
          return true
        }
        if !isWaiting { continuation.resume() }
        // The handler below may have run before the wait began.
        if Task.isCancelled { self.leave(ticket) }
      }
    } onCancel: {
      self.leave(ticket)
    }
  }

  private func leave(_ ticket: UInt64) {
    let continuation = self.state.withLock { $0.waiting.removeValue(forKey: ticket) }
    continuation?.resume()
  }
}
