import HTTPMessage

/// The endpoints of a channel, what is known of them and who is next.
///
/// It reads no clock and sends nothing: whoever keeps it says what time it is.
struct Fleet: Sendable {
  /// Where a call goes.
  struct Pick: Sendable {
    let id: Int
    let scheme: String
    let authority: String
    let handler: HTTPHandler
    /// Whether the call finds out if an endpoint that was left out still fails.
    let isProbe: Bool
    /// Whether no endpoint was fit, so that there is no use in another attempt.
    let isLastResort: Bool
  }

  /// What a call may ask of an endpoint.
  struct Wish: Sendable {
    /// Endpoints that earlier attempts went to.
    var tried: [Int] = []
    /// Whether the call may find out if an endpoint still fails.
    var mayProbe = false
    /// Whether an endpoint that can't be reached is better than none.
    var takesUnreachable = true
  }

  let balancing: Balancing
  let outliers: OutlierDetection
  var endpoints: [Endpoint] = []
  /// Removed endpoints that still have calls in flight.
  private(set) var leaving: [Endpoint] = []
  /// Removed endpoints without calls, to be closed.
  private var idle: [EndpointTransport] = []
  /// Whether names were looked up at all.
  var isResolved: Bool
  var isClosed = false
  var random: MixedRandom
  /// The next turn of round robin.
  var turn = 0
  /// The endpoint that `pick_first` keeps to.
  var first: Int?
  private var nextID = 0

  init(
    balancing: Balancing,
    outliers: OutlierDetection,
    isResolved: Bool,
    seed: UInt64 = .random(in: .min ... .max)
  ) {
    self.balancing = balancing
    self.outliers = outliers
    self.isResolved = isResolved
    self.random = MixedRandom(seed: seed)
  }

  /// Takes over a new list of endpoints; those that stay keep what is known of them.
  ///
  /// - Returns: How many came and went.
  @discardableResult
  mutating func replace(
    by addresses: [EndpointAddress],
    now: ContinuousClock.Instant,
    transport: (EndpointAddress) -> EndpointTransport
  ) -> (added: Int, removed: Int) {
    var old = self.endpoints
    self.endpoints = []
    var added = 0
    for address in addresses where !self.endpoints.contains(where: { $0.address == address }) {
      if let index = old.firstIndex(where: { $0.address == address }) {
        self.endpoints.append(old.remove(at: index))
      } else {
        self.nextID += 1
        added += 1
        self.endpoints.append(Endpoint(id: self.nextID, address, transport(address), now: now))
      }
    }
    for endpoint in old {
      if endpoint.inFlight == 0 {
        self.idle.append(endpoint.transport)
      } else {
        self.leaving.append(endpoint)
      }
    }
    return (added, old.count)
  }

  /// Gives out removed endpoints without calls, once.
  mutating func takeIdle() -> [EndpointTransport] {
    defer { self.idle = [] }
    return self.idle
  }

  /// Gives out every transport, once; nothing is picked any more.
  mutating func takeAll() -> [EndpointTransport] {
    self.isClosed = true
    let all = self.takeIdle() + (self.endpoints + self.leaving).map(\.transport)
    self.endpoints = []
    self.leaving = []
    return all
  }

  /// The number of calls in flight and whether the endpoint is still listed decide when it may go.
  mutating func leave(_ id: Int) {
    guard let index = self.leaving.firstIndex(where: { $0.id == id }) else { return }
    self.leaving[index].inFlight -= 1
    if self.leaving[index].inFlight == 0 {
      self.idle.append(self.leaving.remove(at: index).transport)
    }
  }
}
