import Synchronization

/// Values by key, the latest used ones up to a bound, each computed once at a time.
package final class LRUCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry {
    var value: Value
    var expires: ContinuousClock.Instant
  }

  private struct State {
    var entries: RecencyList<Key, Entry>
    /// Those who wait for a value that another call computes, by key and ticket.
    var flights: [Key: [UInt64: CheckedContinuation<Landing, Never>]] = [:]
    var nextTicket: UInt64 = 0
  }

  /// How a wait for another call's value ends.
  private enum Landing: Sendable {
    case value(Value)
    case failure(any Error)
    /// The other call gave up, or ended before the wait began: look again.
    case again
    case cancelled
  }

  private enum Start {
    case kept(Value)
    case compute
    case wait(ticket: UInt64)

    var event: CacheCounters.Event {
      switch self {
      case .kept: .hit
      case .compute: .miss
      case .wait: .coalesced
      }
    }
  }

  private let state: Mutex<State>
  private let lifetime: Duration
  private let counters: CacheCounters?

  /// - Parameters:
  ///   - name: Under which look-ups are counted; not at all without one.
  ///   - capacity: The most entries kept, 1 or more.
  ///   - lifetime: How long an entry is of use.
  package init(named name: String? = nil, capacity: Int, lifetime: Duration) {
    self.state = Mutex(State(entries: RecencyList(capacity: capacity)))
    self.lifetime = lifetime
    self.counters = name.map { CacheCounters(cache: $0) }
  }

  /// How many entries are kept, expired ones included.
  package var count: Int { self.state.withLock { $0.entries.count } }

  /// The value kept for `key`, if there is one.
  package func value(for key: Key) -> Value? {
    let value = self.state.withLock { Self.kept(key, in: &$0) }
    self.counters?.count(value == nil ? .miss : .hit)
    return value
  }

  /// Keeps `value`, in place of the entry used least lately when all room is taken.
  package func insert(_ value: Value, for key: Key) {
    let isEvicting = self.state.withLock {
      $0.entries.insert(Entry(value: value, expires: .now + self.lifetime), for: key)
    }
    if isEvicting { self.counters?.count(.eviction) }
  }

  /// The value kept for `key`, or the one that `compute` gives.
  ///
  /// While one call computes, others with an equal key wait for its outcome, a failure included. A
  /// cancelled wait ends by itself; when the computing call is cancelled, one of the waiting ones
  /// computes.
  ///
  /// - Parameters:
  ///   - key: Equal ones share a value.
  ///   - isOwn: Whether an error concerns the computing call alone, such as its time running out;
  ///     one of the waiting calls computes then.
  ///   - waiting: Runs the wait for another call, for those who count calls at work.
  ///   - compute: Gives the value and whether it may be kept.
  /// - Returns: The value, and whether it is another call's work.
  /// - Throws: What `compute` throws, and `CancellationError` when a wait is cancelled.
  package func value(
    for key: Key,
    isOwn: (any Error) -> Bool = { _ in false },
    waiting: (_ wait: () async -> Void) async -> Void = { await $0() },
    orCompute compute: () async throws -> (value: Value, mayKeep: Bool)
  ) async throws -> (value: Value, isShared: Bool) {
    while true {
      let start = self.start(key)
      self.counters?.count(start.event)
      switch start {
      case .kept(let value): return (value, true)
      case .compute: return (try await self.lead(key, isOwn, compute), false)
      case .wait(let ticket):
        var landing = Landing.again
        await waiting { landing = await self.landing(of: key, ticket: ticket) }
        switch landing {
        case .value(let value): return (value, true)
        case .failure(let error): throw error
        case .again: continue
        case .cancelled: throw CancellationError()
        }
      }
    }
  }

  private func start(_ key: Key) -> Start {
    self.state.withLock { state in
      if let value = Self.kept(key, in: &state) { return .kept(value) }
      if state.flights[key] == nil {
        state.flights[key] = [:]
        return .compute
      }
      state.nextTicket += 1
      return .wait(ticket: state.nextTicket)
    }
  }

  private func lead(
    _ key: Key,
    _ isOwn: (any Error) -> Bool,
    _ compute: () async throws -> (value: Value, mayKeep: Bool)
  ) async throws -> Value {
    do {
      let (value, mayKeep) = try await compute()
      if mayKeep { self.insert(value, for: key) }
      self.land(key, .value(value))
      return value
    } catch {
      self.land(key, Task.isCancelled || isOwn(error) ? .again : .failure(error))
      throw error
    }
  }

  private func land(_ key: Key, _ landing: Landing) {
    let waiting = self.state.withLock { $0.flights.removeValue(forKey: key) } ?? [:]
    for continuation in waiting.values { continuation.resume(returning: landing) }
  }

  private func landing(of key: Key, ticket: UInt64) async -> Landing {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = self.state.withLock { state in
          guard state.flights[key] != nil else { return false }
          state.flights[key]?[ticket] = continuation
          return true
        }
        if !isWaiting { continuation.resume(returning: .again) }
        // The handler below may have run before the wait began.
        if Task.isCancelled { self.leave(key, ticket: ticket) }
      }
    } onCancel: {
      self.leave(key, ticket: ticket)
    }
  }

  private func leave(_ key: Key, ticket: UInt64) {
    let continuation = self.state.withLock { $0.flights[key]?.removeValue(forKey: ticket) }
    continuation?.resume(returning: .cancelled)
  }

  private static func kept(_ key: Key, in state: inout State) -> Value? {
    guard let entry = state.entries.touch(key) else { return nil }
    guard entry.expires > .now else {
      state.entries.remove(key)
      return nil
    }
    return entry.value
  }
}
