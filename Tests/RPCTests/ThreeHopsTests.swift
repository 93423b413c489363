import RPC
import Testing

extension Duration {
  fileprivate var inMilliseconds: Double {
    (self / .milliseconds(1) * 100).rounded() / 100
  }
}

extension [Duration] {
  fileprivate var median: Duration { self.sorted()[self.count / 2] }
}

/// The medians are what three hops owe their caller; one measurement may be late on a busy machine.
@Suite(.serialized, .timeLimit(.minutes(2))) struct `Three servers in a row` {
  private static let late = Duration.seconds(4)

  @Test(arguments: CallShape.allCases, FirstHop.allCases)
  func `stop when the caller's 300 ms are over, and say so within 330`(
    shape: CallShape,
    hop: FirstHop
  ) async throws {
    let budget = Duration.milliseconds(300)
    let servers = ThreeServers()
    var waits: [Duration] = []
    var stops: [[Duration]] = []
    try await servers.run { address in
      try await hop.calling(address, budget: budget) { caller in
        for _ in 0..<7 {
          servers.reset()
          let began = ContinuousClock.now
          #expect(await caller.ask(shape) == .deadlineExceeded)
          waits.append(ContinuousClock.now - began)
          #expect(await eventually { servers.cancellations != nil })
          stops.append(try #require(servers.cancellations).map { $0 - began })
        }
      }
    }
    // The first call has the connections to make.
    waits.removeFirst()
    stops.removeFirst()
    #expect(waits.median <= .milliseconds(330))
    #expect(waits.allSatisfy { $0 >= .milliseconds(250) && $0 < Self.late })
    for index in 0..<3 {
      let times = stops.map { $0[index] }
      #expect(times.median <= .milliseconds(330))
      #expect(times.allSatisfy { $0 >= .milliseconds(250) && $0 < Self.late })
    }
    print(
      "300 ms over three hops, \(shape) by \(hop): the caller knows after",
      "\(waits.median.inMilliseconds) (at most \(waits.max()?.inMilliseconds ?? 0)) ms;",
      "handlers stop after \((0..<3).map { index in stops.map { $0[index] }.median.inMilliseconds })"
    )
  }

  @Test(arguments: CallShape.allCases, [FirstHop.http2, .http1])
  func `stop within 50 ms of their caller's hanging up`(
    shape: CallShape,
    hop: FirstHop
  ) async throws {
    let servers = ThreeServers()
    var stops: [[Duration]] = []
    try await servers.run { address in
      try await hop.calling(address) { caller in
        for _ in 0..<21 {
          servers.reset()
          let call = Task { await caller.ask(shape) }
          #expect(await eventually { servers.lastHasBegun })
          // So that a stream's first message is on its way through all three.
          try await Task.sleep(for: .milliseconds(10))
          let hungUp = ContinuousClock.now
          call.cancel()
          #expect(await call.value == .canceled)
          #expect(await eventually { servers.cancellations != nil })
          stops.append(try #require(servers.cancellations).map { $0 - hungUp })
        }
      }
    }
    let last = stops.compactMap { $0.max() }
    #expect(last.median <= .milliseconds(50))
    // Their own work would have ended after 5 s.
    #expect(stops.joined().allSatisfy { $0 >= .zero && $0 < Self.late })
    print(
      "Hanging up on three hops, \(shape) by \(hop): handlers stop after",
      "\((0..<3).map { index in stops.map { $0[index] }.median.inMilliseconds }) ms,",
      "all three after \(last.median.inMilliseconds) (at most",
      "\(last.max()?.inMilliseconds ?? 0)) ms"
    )
  }
}
