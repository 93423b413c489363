import Crypto
import HTTPMessage
import RPC
import Synchronization

/// Responses of calls that carried an `Idempotency-Key`, to be given again instead of doing the same
/// twice.
///
/// Kept by this process: behind a balancer, a repetition that reaches another one runs again.
///
/// Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/, but for the
/// status of a key with another body, 400, as Connect has no code for 422.
final class Replays: Sendable {
  fileprivate struct Key: Hashable {
    let caller: String
    let path: String
    let key: String
  }

  fileprivate enum Entry {
    case running(SHA256Digest)
    case done(SHA256Digest, body: [UInt8], expires: ContinuousClock.Instant)

    var digest: SHA256Digest {
      switch self {
      case .running(let digest), .done(let digest, _, _): digest
      }
    }
  }

  fileprivate struct State {
    var entries: [Key: Entry] = [:]
    /// Those that are done, oldest first, from `first` on.
    var order: [Key] = []
    var first = 0
    var bytes = 0
  }

  static let mostEntries = 10_000
  static let mostBytes = 16 << 20
  /// Longer keys are refused.
  static let longestKey = 255

  private let lifetime: Duration
  private let state = Mutex(State())

  /// - Parameter lifetime: How long a response is given again.
  init(lifetime: Duration) { self.lifetime = lifetime }

  /// How many keys are known, and the bytes of their responses.
  var size: (keys: Int, bytes: Int) { self.state.withLock { ($0.entries.count, $0.bytes) } }

  /// Runs `work`, or returns what it returned for an equal call with the same key.
  ///
  /// What fails is not kept: a repetition runs again. A response that comes after its caller's time
  /// is kept, so that the repetition finds it.
  ///
  /// - Throws: What `work` throws; `aborted` while an equal call runs, `invalid_argument` where the
  ///   key was used with another body.
  func once(
    _ call: ArrivedCall,
    key text: String,
    _ work: @Sendable () async throws -> [UInt8]
  ) async throws -> (body: [UInt8], isReplay: Bool) {
    guard (1...Self.longestKey).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
    else { throw RPCError.invalidIdempotencyKey }
    let key = Key(caller: call.admission.caller, path: call.head.path, key: text)
    var hash = SHA256()
    hash.update(data: Array(call.codec.rawValue.utf8) + [0])
    hash.update(data: call.message)
    let digest = hash.finalize()
    if let body = try self.begin(key, digest) { return (body, true) }
    do {
      let body = try await work()
      self.finish(key, digest, body)
      return (body, false)
    } catch {
      self.state.withLock { $0.entries[key] = nil }
      throw error
    }
  }

  private func begin(_ key: Key, _ digest: SHA256Digest) throws(RPCError) -> [UInt8]? {
    let now = ContinuousClock.now
    let entry = self.state.withLock { state -> Entry? in
      state.expire(now)
      let entry = state.entries[key]
      if entry == nil { state.entries[key] = .running(digest) }
      return entry
    }
    guard let entry else { return nil }
    guard entry.digest == digest else { throw .reusedIdempotencyKey }
    switch entry {
    case .running: throw .idempotencyKeyInFlight
    case .done(_, let body, _): return body
    }
  }

  private func finish(_ key: Key, _ digest: SHA256Digest, _ body: [UInt8]) {
    let expires = ContinuousClock.now + self.lifetime
    self.state.withLock { state in
      state.entries[key] = .done(digest, body: body, expires: expires)
      state.order.append(key)
      state.bytes += body.count
      while state.order.count - state.first > Self.mostEntries || state.bytes > Self.mostBytes,
        state.removeOldest()
      {}
    }
  }
}

extension Replays.State {
  /// Forgets what is over its time; all have the same, so the oldest go first.
  fileprivate mutating func expire(_ now: ContinuousClock.Instant) {
    while self.first < self.order.count,
      case .done(_, _, let expires) = self.entries[self.order[self.first]], expires <= now,
      self.removeOldest()
    {}
  }

  /// Returns false where there is none.
  fileprivate mutating func removeOldest() -> Bool {
    guard self.first < self.order.count else { return false }
    let key = self.order[self.first]
    self.first += 1
    if case .done(_, let body, _) = self.entries.removeValue(forKey: key) {
      self.bytes -= body.count
    }
    if self.first > 1000, self.first * 2 > self.order.count {
      self.order.removeFirst(self.first)
      self.first = 0
    }
    return true
  }
}

extension RPCError {
  fileprivate static let invalidIdempotencyKey = RPCError(
    .invalidArgument,
    "Idempotency-Key must be 1...\(Replays.longestKey) printable ASCII characters",
    details: [.errorInfo(reason: "INVALID_IDEMPOTENCY_KEY")]
  )

  fileprivate static let reusedIdempotencyKey = RPCError(
    .invalidArgument,
    "the Idempotency-Key was used with another body",
    details: [.errorInfo(reason: "IDEMPOTENCY_KEY_REUSED")]
  )

  fileprivate static let idempotencyKeyInFlight = RPCError(
    .aborted,
    "a call with the same Idempotency-Key is running",
    details: [
      .errorInfo(reason: "IDEMPOTENCY_KEY_IN_FLIGHT"), .retryInfo(after: .seconds(1)),
    ]
  )
}
