import Synchronization

/// The buckets of all callers, in bounded memory.
final class RateLimiter: Sendable {
  private struct Key: Hashable {
    let caller: String
    let kind: CallClass
  }

  private struct Entry {
    var bucket: TokenBucket
    let policy: RatePolicy
    var used: ContinuousClock.Instant
  }

  /// The buckets of one sort of callers.
  private struct Table {
    var entries: [Key: Entry] = [:]

    /// Forgets full buckets, which are as good as new, then those used least lately.
    mutating func makeRoom(_ now: ContinuousClock.Instant) {
      self.entries = self.entries.filter { !$0.value.bucket.isFull($0.value.policy, now: now) }
      let excess = self.entries.count - RateLimiter.capacity * 3 / 4
      guard excess > 0 else { return }
      for entry in self.entries.sorted(by: { $0.value.used < $1.value.used }).prefix(excess) {
        self.entries[entry.key] = nil
      }
    }
  }

  private struct State {
    var known = Table()
    var strangers = Table()
  }

  /// Buckets of each sort; some 150 bytes each.
  static let capacity = 10_000

  private let state = Mutex(State())

  /// How many buckets are kept.
  var count: Int { self.state.withLock { $0.known.entries.count + $0.strangers.entries.count } }

  /// Takes a call out of the caller's bucket.
  ///
  /// Strangers can't push the buckets of known callers out, however many addresses they have.
  func take(
    _ caller: Caller,
    _ kind: CallClass,
    _ policy: RatePolicy,
    now: ContinuousClock.Instant = .now
  ) -> TokenBucket.Level {
    let key = Key(caller: caller.name, kind: kind)
    return self.state.withLock { state in
      caller.isKnown
        ? Self.take(key, policy, now, &state.known) : Self.take(key, policy, now, &state.strangers)
    }
  }

  /// Takes more calls out of the caller's bucket, for a call that was let in and is worth several.
  func charge(
    _ caller: Caller,
    _ kind: CallClass,
    _ policy: RatePolicy,
    _ calls: Int,
    now: ContinuousClock.Instant = .now
  ) -> TokenBucket.Level {
    let key = Key(caller: caller.name, kind: kind)
    return self.state.withLock { state in
      let new = TokenBucket(policy, now: now)
      return caller.isKnown
        ? state.known.entries[key, default: Entry(bucket: new, policy: policy, used: now)]
          .bucket.charge(calls, policy, now: now)
        : state.strangers.entries[key, default: Entry(bucket: new, policy: policy, used: now)]
          .bucket.charge(calls, policy, now: now)
    }
  }

  private static func take(
    _ key: Key,
    _ policy: RatePolicy,
    _ now: ContinuousClock.Instant,
    _ table: inout Table
  ) -> TokenBucket.Level {
    // A policy that was reloaded starts anew.
    if let entry = table.entries[key], entry.policy != policy { table.entries[key] = nil }
    if table.entries[key] == nil, table.entries.count >= Self.capacity { table.makeRoom(now) }
    let new = Entry(bucket: TokenBucket(policy, now: now), policy: policy, used: now)
    table.entries[key, default: new].used = now
    return table.entries[key, default: new].bucket.take(policy, now: now)
  }
}
