import RPC

extension Fleet {
  /// What an attempt's end changed.
  struct Change: Sendable {
    /// The rule by which the endpoint was left out now, or `nil`.
    var ejectedBy: String?
    /// Whether the endpoint can no longer be reached, and could before.
    var isLost = false
    /// Whether calls that wait might go on.
    var isBack = false
  }

  /// The first wait before an endpoint that can't be reached is asked again, doubled each time.
  static let firstReconnect = Duration.milliseconds(100)
  static let longestReconnect = Duration.seconds(1)
  /// Between two looks at an endpoint because it may be gone.
  static let doubtInterval = Duration.seconds(1)
  /// Answers in a row after which an endpoint that was left out is trusted again.
  static let neededProbes = 3
  /// However long an endpoint asks to be left alone.
  static let longestCoolDown = Duration.seconds(20)

  /// Takes a call back that `pick` sent to an endpoint.
  mutating func finish(_ id: Int, _ result: AttemptResult, now: ContinuousClock.Instant) -> Change {
    guard let index = self.endpoints.firstIndex(where: { $0.id == id }) else {
      self.leave(id)
      return Change()
    }
    self.endpoints[index].inFlight -= 1
    switch result.kind {
    case .answered: return self.answered(index, result, now: now)
    case .failed(let code):
      if code == .deadlineExceeded {
        self.endpoints[index].doubt = .silence
      } else {
        self.endpoints[index].unreachable = nil
      }
      return self.failed(index, code, result, now: now)
    case .broken:
      self.endpoints[index].doubt = .brokenConnection
      return self.failed(index, .unavailable, result, now: now)
    case .overloaded:
      let change = self.answered(index, result, now: now, isOverloaded: true)
      self.endpoints[index].note(failure: .resourceExhausted, now: now)
      return change
    case .unreachable: return self.unreachable(index, now: now)
    case .refused:
      self.endpoints[index].ejection?.isProbing = false
      return Change()
    case .abandoned:
      self.endpoints[index].ejection?.isProbing = false
      self.endpoints[index].latency.observe(unanswered: result.latency, now: now)
      return Change()
    }
  }

  private mutating func answered(
    _ index: Int,
    _ result: AttemptResult,
    now: ContinuousClock.Instant,
    isOverloaded: Bool = false
  ) -> Change {
    let wasReady = self.endpoints[index].state(at: now) == .ready
    self.endpoints[index].unreachable = nil
    self.endpoints[index].doubt = nil
    self.endpoints[index].failuresInARow = 0
    self.endpoints[index].latency.observe(result.latency, isFailure: isOverloaded, now: now)
    self.endpoints[index].window.count(success: true, interval: self.outliers.interval, now: now)
    self.coolDown(index, result, now: now)
    if let ejection = self.endpoints[index].ejection {
      self.endpoints[index].ejection?.isProbing = false
      self.endpoints[index].ejection?.nextProbe = now
      self.endpoints[index].ejection?.answeredProbes += 1
      if ejection.answeredProbes + 1 >= Self.neededProbes || now >= ejection.end {
        self.endpoints[index].readmit(now: now)
      }
    }
    return Change(isBack: !wasReady)
  }

  private mutating func failed(
    _ index: Int,
    _ code: Code,
    _ result: AttemptResult,
    now: ContinuousClock.Instant
  ) -> Change {
    self.endpoints[index].note(failure: code, now: now)
    self.endpoints[index].failuresInARow += 1
    self.endpoints[index].latency.observe(result.latency, isFailure: true, now: now)
    self.endpoints[index].window.count(success: false, interval: self.outliers.interval, now: now)
    self.coolDown(index, result, now: now)
    if let ejection = self.endpoints[index].ejection {
      if now < ejection.end {
        let nextProbe = now + self.spread(self.outliers.probeInterval)
        self.endpoints[index].ejection = Endpoint.Ejection(
          end: ejection.end,
          nextProbe: nextProbe,
          hasFailedProbe: true
        )
        return Change()
      }
      self.endpoints[index].ejection = nil
      self.endpoints[index].returned = ejection.end
    }
    guard let rule = self.ejectionRule(index), self.mayEject(index, now: now) else {
      return Change()
    }
    self.eject(index, now: now)
    return Change(ejectedBy: rule)
  }

  private mutating func unreachable(_ index: Int, now: ContinuousClock.Instant) -> Change {
    let before = self.endpoints[index].unreachable
    self.endpoints[index].ejection?.isProbing = false
    // Calls that were under way at the same time tell the same thing.
    if let before, now < before.retryAt { return Change() }
    let failures = (before?.failures ?? 0) + 1
    var wait = Self.firstReconnect
    for _ in 1..<failures where wait < Self.longestReconnect { wait *= 2 }
    let retryAt = now + self.spread(min(wait, Self.longestReconnect))
    self.endpoints[index].unreachable = Endpoint.Unreachable(failures: failures, retryAt: retryAt)
    self.endpoints[index].note(failure: .unavailable, now: now)
    return Change(isLost: before == nil)
  }

  /// The endpoints to ask for their health now: those that could not be reached, once it is time,
  /// those that may be gone, and with `ofAll` the others too.
  mutating func beginChecks(ofAll: Bool, now: ContinuousClock.Instant) -> [Endpoint] {
    var due: [Endpoint] = []
    for index in self.endpoints.indices where !self.endpoints[index].isBeingChecked {
      guard self.isCheckDue(self.endpoints[index], ofAll: ofAll, now) else { continue }
      self.endpoints[index].isBeingChecked = true
      self.endpoints[index].nextCheck = now + Self.doubtInterval
      due.append(self.endpoints[index])
    }
    return due
  }

  private func isCheckDue(
    _ endpoint: Endpoint,
    ofAll: Bool,
    _ now: ContinuousClock.Instant
  ) -> Bool {
    if let unreachable = endpoint.unreachable { return unreachable.retryAt <= now }
    return ofAll || endpoint.doubt != nil && endpoint.nextCheck.map { $0 <= now } ?? true
  }

  /// What an endpoint said when it was asked for its health.
  enum Health: Sendable, Hashable {
    case serving
    case notServing
    /// Nothing, in the time it had.
    case silent
    /// No connection could be made.
    case unreachable
  }

  /// Notes what an endpoint said when it was asked for its health.
  ///
  /// - Parameters:
  ///   - id: Of the endpoint.
  ///   - health: What it said.
  ///   - heedsServing: Whether it matters that it serves, or only that it can be reached.
  ///   - now: The time.
  /// - Returns: Whether calls that wait might go on.
  mutating func checked(
    _ id: Int,
    _ health: Health,
    heedsServing: Bool,
    now: ContinuousClock.Instant
  ) -> Bool {
    guard let index = self.endpoints.firstIndex(where: { $0.id == id }) else { return false }
    self.endpoints[index].isBeingChecked = false
    let wasUnreachable = self.endpoints[index].unreachable != nil
    let doubt = self.endpoints[index].doubt.take()
    if health == .unreachable || health == .silent && (wasUnreachable || doubt != nil) {
      _ = self.unreachable(index, now: now)
      return false
    }
    let wasReady = self.endpoints[index].state(at: now) == .ready
    if wasUnreachable {
      self.endpoints[index].unreachable = nil
      self.endpoints[index].latency = PeakEWMA(now: now)
    }
    // If it was left out too, its calls likely failed for the same reason.
    let isMended =
      doubt == .brokenConnection && self.endpoints[index].ejection?.hasFailedProbe == false
    if wasUnreachable || isMended { self.endpoints[index].ejection?.nextProbe = now }
    if heedsServing { self.endpoints[index].isServing = health == .serving }
    return !wasReady && self.endpoints[index].state(at: now) == .ready
  }

  private mutating func coolDown(
    _ index: Int,
    _ result: AttemptResult,
    now: ContinuousClock.Instant
  ) {
    guard let coolDown = result.coolDown, coolDown > .zero else { return }
    self.endpoints[index].coolDownEnd = now + min(coolDown, Self.longestCoolDown)
  }

  /// A duration less or more by up to a fifth, so that clients don't move in step.
  private mutating func spread(_ duration: Duration) -> Duration {
    duration * Double.random(in: 0.8...1.2, using: &self.random)
  }
}
