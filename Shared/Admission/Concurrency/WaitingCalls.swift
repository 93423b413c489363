import HTTPMessage

/// Calls whose turn has not come: the important ones first, and of equal ones the oldest.
///
/// Where calls have been waiting for a while, the newest goes first instead: its caller is the one
/// most likely to be still there when it is answered, while in turn all would be answered too late.
struct WaitingCalls: Sendable {
  struct Call: Sendable {
    let ticket: UInt64
    let deadline: ContinuousClock.Instant
    /// When it gives up, an eighth of its time before the deadline: a refusal that comes with the
    /// deadline is of no use, one before it can be tried elsewhere.
    let patience: ContinuousClock.Instant
    let continuation: CheckedContinuation<Turn, Never>

    init(
      ticket: UInt64,
      deadline: ContinuousClock.Instant,
      continuation: CheckedContinuation<Turn, Never>
    ) {
      self.ticket = ticket
      self.deadline = deadline
      self.patience = deadline - ContinuousClock.now.duration(to: deadline) / 8
      self.continuation = continuation
    }
  }

  /// How a wait ends.
  enum Turn: Sendable {
    case now
    case refused(Overload)
    case cancelled
  }

  /// After so long without an empty queue the newest call goes first.
  static let crowdedAfter = Duration.milliseconds(100)

  /// By rank of priority.
  private var calls: [[Call]] = [[], [], []]
  private(set) var count = 0
  private var since: ContinuousClock.Instant?

  /// Whether the newest call goes first.
  func isCrowded(_ now: ContinuousClock.Instant) -> Bool {
    self.since.map { $0.duration(to: now) >= Self.crowdedAfter } ?? false
  }

  /// How many calls go before a new one.
  func ahead(of priority: CallPriority, _ now: ContinuousClock.Instant) -> Int {
    let first = self.isCrowded(now) ? priority.rank + 1 : priority.rank
    return self.calls[first...].reduce(0) { $0 + $1.count }
  }

  mutating func add(_ call: Call, _ priority: CallPriority, _ now: ContinuousClock.Instant) {
    if self.count == 0 { self.since = now }
    self.calls[priority.rank].append(call)
    self.count += 1
  }

  /// Takes out the call whose turn it is.
  mutating func next(_ now: ContinuousClock.Instant) -> Call? {
    guard let rank = self.calls.lastIndex(where: { !$0.isEmpty }) else { return nil }
    let isCrowded = self.isCrowded(now)
    return self.remove(at: isCrowded ? self.calls[rank].count - 1 : 0, rank)
  }

  /// Whether a full queue could take in a call of this priority in another's place.
  func hasLesser(than priority: CallPriority, _ now: ContinuousClock.Instant) -> Bool {
    self.lesser(than: priority, now) != nil
  }

  /// Takes out the oldest of the least important calls, in favour of a new one.
  mutating func removeLesser(
    than priority: CallPriority,
    _ now: ContinuousClock.Instant
  ) -> Call? {
    self.lesser(than: priority, now).map { self.remove(at: 0, $0) }
  }

  private func lesser(than priority: CallPriority, _ now: ContinuousClock.Instant) -> Int? {
    let ranks = priority.rank + (self.isCrowded(now) ? 1 : 0)
    return self.calls[..<ranks].firstIndex { !$0.isEmpty }
  }

  /// Takes out a call that no longer waits.
  mutating func remove(ticket: UInt64) -> Call? {
    for rank in self.calls.indices {
      if let index = self.calls[rank].firstIndex(where: { $0.ticket == ticket }) {
        return self.remove(at: index, rank)
      }
    }
    return nil
  }

  /// Takes out all calls that have waited too long to be answered in time.
  ///
  /// - Parameters:
  ///   - now: The time.
  ///   - work: How long a call takes once it runs.
  /// - Returns: Those calls.
  mutating func removeLate(_ now: ContinuousClock.Instant, work: Duration) -> [Call] {
    let isLate = { (call: Call) in call.patience < now || call.deadline < now + work }
    var late: [Call] = []
    for rank in self.calls.indices {
      late += self.calls[rank].filter(isLate)
      self.calls[rank].removeAll(where: isLate)
    }
    self.count -= late.count
    if self.count == 0 { self.since = nil }
    return late
  }

  private mutating func remove(at index: Int, _ rank: Int) -> Call {
    self.count -= 1
    if self.count == 0 { self.since = nil }
    return self.calls[rank].remove(at: index)
  }
}
