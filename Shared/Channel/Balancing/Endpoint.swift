import HTTPMessage
import RPC

/// What is known of one endpoint.
struct Endpoint: Sendable {
  /// Why an endpoint gets no calls, or that it gets some.
  enum State: String, Sendable, Hashable, CaseIterable {
    case ready
    /// It asked to be left alone for a while.
    case cooling
    /// It says of itself that it does no work.
    case notServing = "not_serving"
    /// It failed too often.
    case ejected
    /// No connection can be made.
    case unreachable
  }

  struct Unreachable: Sendable {
    /// In a row.
    var failures: Int
    /// When it is worth asking again.
    var retryAt: ContinuousClock.Instant
  }

  struct Ejection: Sendable {
    var end: ContinuousClock.Instant
    var nextProbe: ContinuousClock.Instant
    var isProbing = false
    /// Probes in a row that were answered.
    var answeredProbes = 0
    var hasFailedProbe = false
  }

  /// Why it is not certain that an endpoint is still there.
  enum Doubt: Sendable {
    /// A call was not answered in time.
    case silence
    /// A connection ended under a call.
    case brokenConnection
  }

  struct Failure: Sendable, Hashable {
    var time: ContinuousClock.Instant
    var code: Code
  }

  private static let keptFailures = 8

  let id: Int
  let address: EndpointAddress
  /// Of the requests that go there.
  let authority: String
  let transport: EndpointTransport
  var inFlight = 0
  var calls = 0
  var latency: PeakEWMA
  var window: SuccessWindow
  var failuresInARow = 0
  var unreachable: Unreachable?
  var ejection: Ejection?
  /// Ejections that its next one is longer for.
  var ejections = 0
  var returned: ContinuousClock.Instant?
  var coolDownEnd: ContinuousClock.Instant?
  /// As it said when it was last asked; `nil` when it was not.
  var isServing: Bool?
  /// What has spoken against its being there since it last answered.
  var doubt: Doubt?
  /// When it may be asked again because of a doubt.
  var nextCheck: ContinuousClock.Instant?
  /// Whether it is being asked, and has not answered yet.
  var isBeingChecked = false
  /// The latest ones, oldest first.
  private(set) var failures: [Failure] = []

  init(
    id: Int,
    _ address: EndpointAddress,
    _ transport: EndpointTransport,
    now: ContinuousClock.Instant
  ) {
    self.id = id
    self.address = address
    self.authority = address.authority
    self.transport = transport
    self.latency = PeakEWMA(now: now)
    self.window = SuccessWindow(now: now)
  }

  func state(at now: ContinuousClock.Instant) -> State {
    if self.unreachable != nil { return .unreachable }
    if let ejection = self.ejection, now < ejection.end { return .ejected }
    if self.isServing == false { return .notServing }
    if let end = self.coolDownEnd, now < end { return .cooling }
    return .ready
  }

  /// Whether a call should find out if the endpoint still fails.
  func isProbeDue(at now: ContinuousClock.Instant) -> Bool {
    guard let ejection = self.ejection, self.unreachable == nil else { return false }
    return !ejection.isProbing && now < ejection.end && now >= ejection.nextProbe
  }

  mutating func note(failure code: Code, now: ContinuousClock.Instant) {
    if self.failures.count == Self.keptFailures { self.failures.removeFirst() }
    self.failures.append(Failure(time: now, code: code))
  }

  /// Forgets what spoke against the endpoint.
  mutating func readmit(now: ContinuousClock.Instant) {
    self.ejection = nil
    self.returned = now
    self.failuresInARow = 0
    self.latency = PeakEWMA(now: now)
    self.window = SuccessWindow(now: now)
  }
}
