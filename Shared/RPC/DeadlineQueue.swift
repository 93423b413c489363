import Dispatch
import Synchronization

/// The deadlines of all work in this process, on one timer.
///
/// `Task.sleep` costs a task and a timer for each call and keeps both until the deadline, though
/// nearly all work ends long before it. Here, work that ends leaves its entry behind; once such
/// entries are the majority they are swept out, so that adding and ending cost O(1) amortised when
/// deadlines come in order, and O(log n) otherwise.
final class DeadlineQueue: Sendable {
  static let shared = DeadlineQueue()

  fileprivate struct Entry {
    var deadline: ContinuousClock.Instant
    var work: any Expiring
  }

  fileprivate struct State {
    /// A binary heap, earliest deadline first.
    var entries: [Entry] = []
    /// How many of them are over.
    var ended = 0
    /// When the timer fires next, if it was set.
    var wake: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  private let timers = DispatchQueue(label: "deadlines")

  func add(_ work: any Expiring, deadline: ContinuousClock.Instant) {
    let isEarliest = self.state.withLock { state in
      state.entries.append(Entry(deadline: deadline, work: work))
      state.siftUp(from: state.entries.count - 1)
      if let wake = state.wake, wake <= deadline { return false }
      state.wake = deadline
      return true
    }
    if isEarliest { self.wake(at: deadline) }
  }

  /// Notes that some work that was added is over before its deadline.
  func countEnded() {
    self.state.withLock { state in
      state.ended += 1
      if state.ended > 64, state.ended > state.entries.count / 2 { state.sweep() }
    }
  }

  private func wake(at deadline: ContinuousClock.Instant) {
    let (seconds, attoseconds) = (deadline - .now).components
    let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    self.timers.asyncAfter(deadline: .now() + .nanoseconds(max(Int(nanoseconds), 0))) {
      self.expire(wokenAt: deadline)
    }
  }

  private func expire(wokenAt wake: ContinuousClock.Instant) {
    let now = ContinuousClock.now
    let (due, next) = self.state.withLock { state in
      let due = state.removeAll(until: now)
      // A timer that was overtaken by an earlier one leaves the next to that one.
      guard state.wake == wake else { return (due, ContinuousClock.Instant?.none) }
      state.wake = state.entries.first?.deadline
      return (due, state.wake)
    }
    if let next { self.wake(at: next) }
    for work in due { work.expire() }
  }
}

extension DeadlineQueue.State {
  /// Removes what is due by `now`, and returns that part of it that is not over.
  mutating func removeAll(until now: ContinuousClock.Instant) -> [any Expiring] {
    var due: [any Expiring] = []
    while let first = self.entries.first {
      let isOver = first.work.isOver
      guard isOver || first.deadline <= now else { break }
      if isOver { self.ended = max(self.ended - 1, 0) } else { due.append(first.work) }
      self.entries.swapAt(0, self.entries.count - 1)
      self.entries.removeLast()
      self.siftDown(from: 0)
    }
    return due
  }

  mutating func sweep() {
    self.entries.removeAll { $0.work.isOver }
    self.ended = 0
    for index in stride(from: self.entries.count / 2 - 1, through: 0, by: -1) {
      self.siftDown(from: index)
    }
  }

  mutating func siftUp(from start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard self.entries[index].deadline < self.entries[parent].deadline else { return }
      self.entries.swapAt(index, parent)
      index = parent
    }
  }

  private mutating func siftDown(from start: Int) {
    var index = start
    while true {
      var earliest = index
      for child in [2 * index + 1, 2 * index + 2] where child < self.entries.count {
        if self.entries[child].deadline < self.entries[earliest].deadline { earliest = child }
      }
      guard earliest != index else { return }
      self.entries.swapAt(index, earliest)
      index = earliest
    }
  }
}
