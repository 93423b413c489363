import HTTPMessage
import RPC
import Testing

@testable import Channel

/// A fleet at a time that stands still until it is told to go on.
final class TimedFleet {
  var fleet: Fleet
  var now = ContinuousClock.now

  init(
    _ balancing: Balancing,
    count: Int,
    outliers: OutlierDetection = OutlierDetection(),
    seed: UInt64 = 7
  ) {
    self.fleet = Fleet(balancing: balancing, outliers: outliers, isResolved: true, seed: seed)
    self.list(Array(0..<count))
  }

  /// Lists endpoints by the last number of their address.
  func list(_ hosts: [Int]) {
    self.fleet.replace(
      by: hosts.map { EndpointAddress(name: "h", host: "10.0.0.\($0)", port: 1) },
      now: self.now
    ) { _ in EndpointTransport(handler: { _ in HTTPResponse(status: 200) }) }
  }

  func pick(_ wish: Fleet.Wish = Fleet.Wish()) -> Fleet.Pick? {
    self.fleet.pick(wish, now: self.now)
  }

  @discardableResult
  func finish(
    _ pick: Fleet.Pick,
    _ kind: AttemptResult.Kind = .answered,
    after latency: Duration = .milliseconds(5),
    coolDown: Duration? = nil
  ) -> Fleet.Change {
    self.now += latency
    let result = AttemptResult(kind: kind, coolDown: coolDown, latency: latency)
    return self.fleet.finish(pick.id, result, now: self.now)
  }

  /// Ends `count` calls in this way at one endpoint, whoever is next.
  func end(_ count: Int, at place: Int, _ kind: AttemptResult.Kind) {
    for _ in 0..<count {
      self.fleet.endpoints[place].inFlight += 1
      let result = AttemptResult(kind: kind, latency: .milliseconds(5))
      _ = self.fleet.finish(self.fleet.endpoints[place].id, result, now: self.now)
    }
  }

  /// What a health check found; returns whether calls that wait might go on.
  func check(_ place: Int, _ health: Fleet.Health) -> Bool {
    let id = self.fleet.endpoints[place].id
    return self.fleet.checked(id, health, heedsServing: true, now: self.now)
  }

  /// The places of the endpoints to ask for their health now.
  func due() -> [Int] {
    let due = self.fleet.beginChecks(ofAll: false, now: self.now).map(\.id)
    return self.fleet.endpoints.indices.filter { due.contains(self.fleet.endpoints[$0].id) }
  }

  /// How many removed endpoints may be closed now.
  func idle() -> Int { self.fleet.takeIdle().count }

  func state(_ place: Int) -> Endpoint.State { self.fleet.endpoints[place].state(at: self.now) }

  /// How many of `count` calls, one after the other, each endpoint gets; `latency` is by place.
  func shares(of count: Int, latency: (Int) -> Duration) -> [Int] {
    var shares = [Int](repeating: 0, count: self.fleet.endpoints.count)
    for _ in 0..<count {
      guard let pick = self.pick(),
        let place = self.fleet.endpoints.firstIndex(where: { $0.id == pick.id })
      else { continue }
      shares[place] += 1
      self.finish(pick, after: latency(place))
    }
    return shares
  }
}

@Suite struct `How calls are balanced` {
  @Test func `pick_first keeps to one endpoint while it can be used`() throws {
    let fleet = TimedFleet(.pickFirst, count: 3)
    #expect(fleet.shares(of: 10) { _ in .milliseconds(1) } == [10, 0, 0])
    let pick = try #require(fleet.pick())
    fleet.finish(pick, .unreachable)
    #expect(fleet.shares(of: 10) { _ in .milliseconds(1) } == [0, 10, 0])
  }

  @Test func `round_robin gives each endpoint its turn`() {
    let fleet = TimedFleet(.roundRobin, count: 3)
    #expect(fleet.shares(of: 30) { _ in .milliseconds(1) } == [10, 10, 10])
  }

  @Test func `least_request avoids who is busy`() throws {
    let fleet = TimedFleet(.leastRequest(choiceCount: 10), count: 3)
    var picks: [Int: Int] = [:]
    for _ in 0..<30 { picks[try #require(fleet.pick()).id, default: 0] += 1 }
    #expect(picks.values.allSatisfy { (8...12).contains($0) })
  }

  @Test func `p2c_ewma avoids who is slow`() {
    let fleet = TimedFleet(.p2cEWMA, count: 3)
    let shares = fleet.shares(of: 1000) { $0 == 0 ? .milliseconds(50) : .milliseconds(5) }
    #expect(shares[0] <= 10)
    #expect(shares[1] > 300 && shares[2] > 300)
  }

  @Test func `p2c_ewma avoids who is much slower even when the others are busy`() throws {
    let fleet = TimedFleet(.p2cEWMA, count: 2)
    _ = fleet.shares(of: 100) { $0 == 0 ? .milliseconds(50) : .milliseconds(5) }
    for _ in 0..<30 { #expect(try #require(fleet.pick()).id == 2) }
    fleet.now += .milliseconds(10_001)
    #expect(try #require(fleet.pick()).id == 1)
  }

  @Test func `p2c_ewma takes who is slow when the others have become so too`() {
    let fleet = TimedFleet(.p2cEWMA, count: 2)
    _ = fleet.shares(of: 100) { $0 == 0 ? .milliseconds(50) : .milliseconds(5) }
    let shares = fleet.shares(of: 1000) { _ in .milliseconds(50) }
    #expect(shares[0] > 200)
  }

  @Test func `p2c_ewma gives a new endpoint one call to begin with`() throws {
    let fleet = TimedFleet(.p2cEWMA, count: 2)
    _ = fleet.shares(of: 100) { _ in .milliseconds(5) }
    fleet.list([0, 1, 2])
    var picked: [Int] = []
    for _ in 0..<50 { picked.append(try #require(fleet.pick()).id) }
    #expect(picked.filter { $0 == 3 }.count == 1)
  }

  @Test func `an endpoint that was slow is tried again in the end`() {
    let fleet = TimedFleet(.p2cEWMA, count: 2)
    _ = fleet.shares(of: 100) { $0 == 0 ? .milliseconds(50) : .milliseconds(5) }
    // 30 seconds of calls to the other.
    _ = fleet.shares(of: 6000) { _ in .milliseconds(5) }
    let shares = fleet.shares(of: 1000) { _ in .milliseconds(5) }
    #expect(shares[0] > 300)
  }

  @Test(arguments: [Balancing.pickFirst, .roundRobin, .leastRequest(choiceCount: 2), .p2cEWMA])
  func `a second attempt goes elsewhere, and back where there is nobody else`(
    balancing: Balancing
  ) throws {
    let fleet = TimedFleet(balancing, count: 3)
    var wish = Fleet.Wish()
    for _ in 0..<3 {
      let pick = try #require(fleet.pick(wish))
      #expect(!wish.tried.contains(pick.id))
      wish.tried.append(pick.id)
    }
    let fourth = try #require(fleet.pick(wish))
    #expect(!fourth.isLastResort)
  }

  @Test func `without endpoints there is no pick`() {
    let fleet = TimedFleet(.p2cEWMA, count: 0)
    #expect(fleet.pick() == nil)
  }

  @Test func `failing fast attracts no calls`() throws {
    var outliers = OutlierDetection()
    outliers.maxEjectedPercent = 0
    for kind in [AttemptResult.Kind.failed(.unavailable), .overloaded] {
      let fleet = TimedFleet(.p2cEWMA, count: 2, outliers: outliers)
      var failing = 0
      for _ in 0..<1000 {
        let pick = try #require(fleet.pick())
        if pick.id == 1 { failing += 1 }
        fleet.finish(pick, pick.id == 1 ? kind : .answered, after: .milliseconds(1))
      }
      #expect(failing < 20)
    }
  }

  @Test func `a removed endpoint finishes its calls before it is closed`() throws {
    let fleet = TimedFleet(.roundRobin, count: 2)
    let picks = [try #require(fleet.pick()), try #require(fleet.pick())]
    fleet.list([1, 2])
    #expect(fleet.idle() == 0)
    #expect(fleet.fleet.leaving.count == 1)
    for pick in picks { fleet.finish(pick) }
    #expect(fleet.idle() == 1)
    #expect(fleet.idle() == 0)
    #expect(fleet.fleet.endpoints.map(\.inFlight) == [0, 0])
  }
}

@Suite struct `Outlier detection` {
  @Test func `ejects after five failures in a row, not after four`() {
    let fleet = TimedFleet(.p2cEWMA, count: 3)
    fleet.end(4, at: 0, .failed(.unavailable))
    #expect(fleet.state(0) == .ready)
    fleet.end(1, at: 0, .answered)
    fleet.end(4, at: 0, .failed(.unavailable))
    #expect(fleet.state(0) == .ready)
    fleet.end(1, at: 0, .failed(.unavailable))
    #expect(fleet.state(0) == .ejected)
  }

  @Test func `ejects below half successes of twenty, not of nineteen`() {
    let fleet = TimedFleet(.p2cEWMA, count: 3)
    for _ in 0..<9 {
      fleet.end(1, at: 0, .failed(.internal))
      fleet.end(1, at: 0, .answered)
    }
    fleet.end(1, at: 0, .failed(.internal))
    #expect(fleet.state(0) == .ready)
    fleet.end(1, at: 0, .failed(.internal))
    #expect(fleet.state(0) == .ejected)
  }

  @Test func `leaves half successes of twenty alone`() {
    let fleet = TimedFleet(.p2cEWMA, count: 3)
    for _ in 0..<50 {
      fleet.end(1, at: 0, .answered)
      fleet.end(1, at: 0, .failed(.internal))
    }
    #expect(fleet.state(0) == .ready)
  }

  @Test(arguments: [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)])
  func `leaves half of the endpoints, and never ejects the last`(count: Int, ejected: Int) {
    let fleet = TimedFleet(.p2cEWMA, count: count)
    for place in 0..<count { fleet.end(20, at: place, .failed(.unavailable)) }
    #expect((0..<count).filter { fleet.state($0) == .ejected }.count == ejected)
    #expect(fleet.pick() != nil)
  }

  @Test func `counts no overload and no goodbye as failures`() {
    let fleet = TimedFleet(.p2cEWMA, count: 3)
    fleet.end(50, at: 0, .overloaded)
    fleet.end(50, at: 0, .refused)
    fleet.end(50, at: 0, .abandoned)
    #expect(fleet.state(0) == .ready)
  }

  @Test func `tries one call at a time and takes back who answers three`() throws {
    let fleet = TimedFleet(.p2cEWMA, count: 3)
    fleet.end(5, at: 0, .failed(.unavailable))
    var wish = Fleet.Wish()
    wish.mayProbe = true
    #expect(try #require(fleet.pick(wish)).isProbe == false)
    fleet.now += .seconds(8)
    let probe = try #require(fleet.pick(wish))
    #expect(probe.isProbe)
    #expect(try #require(fleet.pick(wish)).isProbe == false)
    fleet.finish(probe, .failed(.unavailable))
    fleet.now += .seconds(6)
    #expect(try #require(fleet.pick(wish)).isProbe == false)
    fleet.now += .seconds(4)
    for _ in 0..<Fleet.neededProbes {
      #expect(fleet.state(0) == .ejected)
      let probe = try #require(fleet.pick(wish))
      #expect(probe.isProbe)
      fleet.finish(probe)
    }
    #expect(fleet.state(0) == .ready)
  }

  @Test func `probes with no call that must not be repeated`() throws {
    let fleet = TimedFleet(.p2cEWMA, count: 3)
    fleet.end(5, at: 0, .failed(.unavailable))
    fleet.now += .seconds(20)
    for _ in 0..<100 { #expect(try #require(fleet.pick()).id != 1) }
  }

  @Test func `ejects for longer each time, up to the limit, and forgives in time`() {
    let fleet = TimedFleet(.p2cEWMA, count: 3)
    var lengths: [Int] = []
    for _ in 0..<6 {
      fleet.end(5, at: 0, .failed(.unavailable))
      var seconds = 0
      while fleet.state(0) == .ejected {
        fleet.now += .seconds(1)
        seconds += 1
      }
      lengths.append(seconds)
    }
    #expect(lengths == [30, 60, 120, 240, 300, 300])
    fleet.end(1, at: 0, .answered)
    fleet.now += .seconds(30 * 6)
    fleet.end(5, at: 0, .failed(.unavailable))
    fleet.now += .seconds(30)
    #expect(fleet.state(0) == .ready)
  }

  @Test func `leaves an endpoint alone for as long as it asks, within bounds`() throws {
    let fleet = TimedFleet(.pickFirst, count: 2)
    let pick = try #require(fleet.pick())
    fleet.finish(pick, .overloaded, coolDown: .seconds(3))
    #expect(fleet.state(0) == .cooling)
    #expect(try #require(fleet.pick()).id != pick.id)
    fleet.now += .seconds(3)
    #expect(fleet.state(0) == .ready)
    fleet.finish(try #require(fleet.pick()), .overloaded, coolDown: .seconds(9999))
    fleet.now += Fleet.longestCoolDown
    #expect(fleet.state(0) == .ready && fleet.state(1) == .ready)
  }
}

@Suite struct `Endpoints that can't be reached` {
  @Test func `get one call where there is nobody else, and none of a call that waits`() throws {
    let fleet = TimedFleet(.p2cEWMA, count: 2)
    fleet.end(1, at: 0, .unreachable)
    fleet.end(1, at: 1, .unreachable)
    let pick = try #require(fleet.pick())
    #expect(pick.isLastResort)
    #expect(fleet.pick(Fleet.Wish(tried: [pick.id])) == nil)
    #expect(fleet.pick(Fleet.Wish(takesUnreachable: false)) == nil)
  }

  @Test func `are asked again after 100 ms, later each time, within 1.2 seconds`() {
    let fleet = TimedFleet(.p2cEWMA, count: 1)
    var waits: [Duration] = []
    for _ in 0..<8 {
      // Many calls that fail at once are one failure.
      fleet.end(9, at: 0, .unreachable)
      let retryAt = fleet.fleet.endpoints[0].unreachable?.retryAt ?? fleet.now
      waits.append(retryAt - fleet.now)
      fleet.now = retryAt
    }
    #expect(waits[0] >= .milliseconds(80) && waits[0] <= .milliseconds(120))
    #expect(waits[1] > waits[0])
    #expect(waits.allSatisfy { $0 <= .milliseconds(1200) })
  }

  @Test func `are back with the first answer to a health check`() {
    let fleet = TimedFleet(.p2cEWMA, count: 1)
    fleet.end(1, at: 0, .unreachable)
    #expect(!fleet.check(0, .unreachable))
    #expect(!fleet.check(0, .silent))
    #expect(fleet.state(0) == .unreachable)
    #expect(fleet.check(0, .serving))
    #expect(fleet.state(0) == .ready)
  }

  @Test func `are found out by a connection that breaks, and take calls once they answer`() throws {
    let fleet = TimedFleet(.p2cEWMA, count: 2)
    fleet.end(5, at: 0, .broken)
    #expect(fleet.state(0) == .ejected)
    #expect(fleet.due() == [0])
    #expect(!fleet.check(0, .unreachable))
    // What ends of older calls says nothing new.
    fleet.end(1, at: 0, .broken)
    fleet.end(1, at: 0, .failed(.deadlineExceeded))
    #expect(fleet.state(0) == .unreachable)
    fleet.now += Fleet.longestReconnect * 1.2
    #expect(fleet.due() == [0])
    #expect(!fleet.check(0, .serving))
    #expect(try #require(fleet.pick(Fleet.Wish(mayProbe: true))).isProbe)
  }

  @Test func `take calls at once when only the connection was gone`() throws {
    let fleet = TimedFleet(.p2cEWMA, count: 2)
    fleet.end(5, at: 0, .broken)
    #expect(fleet.due() == [0])
    #expect(!fleet.check(0, .serving))
    let probe = try #require(fleet.pick(Fleet.Wish(mayProbe: true)))
    #expect(probe.isProbe)
    // One that breaks every connection is asked no more often than any that fails.
    fleet.finish(probe, .broken)
    fleet.now += Fleet.doubtInterval
    #expect(fleet.due() == [0])
    #expect(!fleet.check(0, .serving))
    #expect(try #require(fleet.pick(Fleet.Wish(mayProbe: true))).isProbe == false)
  }

  @Test func `are found out by calls that were not answered in time, once a second`() {
    let fleet = TimedFleet(.p2cEWMA, count: 2)
    #expect(fleet.due().isEmpty)
    fleet.end(1, at: 0, .failed(.deadlineExceeded))
    #expect(fleet.due() == [0])
    _ = fleet.check(0, .serving)
    #expect(fleet.state(0) == .ready)
    fleet.end(1, at: 0, .failed(.deadlineExceeded))
    #expect(fleet.due().isEmpty)
    fleet.now += Fleet.doubtInterval
    #expect(fleet.due() == [0])
    _ = fleet.check(0, .silent)
    #expect(fleet.state(0) == .unreachable)
  }

  @Test func `are told from those that say they are not serving, which are a last resort`() throws {
    let fleet = TimedFleet(.p2cEWMA, count: 2)
    for place in 0..<2 { _ = fleet.check(place, .notServing) }
    #expect(fleet.state(0) == .notServing)
    #expect(try #require(fleet.pick(Fleet.Wish(takesUnreachable: false))).isLastResort)
  }
}
