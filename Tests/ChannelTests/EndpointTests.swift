import Channel
import HTTPMessage
import RPC
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct `A channel's endpoints` {
  private static let down: Replica.Answer = { _, _ in throw RPCError(.unavailable, "down") }

  @Test func `share the calls`() async throws {
    let replicas = [Replica(), Replica(), Replica()]
    try await serving(replicas) { ports in
      var config = ServiceConfig()
      config.balancing = .roundRobin
      try await withChannel(to: ports, config) { client, _ in
        for _ in 0..<30 { #expect(await client.failure() == nil) }
        #expect(replicas.map(\.calls) == [10, 10, 10])
      }
    }
  }

  @Test func `are left out while they fail, and are back when they are well`() async throws {
    let replicas = [Replica(Self.down), Replica(), Replica()]
    try await serving(replicas) { ports in
      var config = ServiceConfig()
      config.balancing = .roundRobin
      config.outliers.probeInterval = .milliseconds(300)
      try await withChannel(to: ports, config) { client, channel in
        for _ in 0..<30 { #expect(await client.failure() == nil) }
        #expect(channel.snapshot().endpoints[0].state == "ejected")
        #expect(channel.snapshot().endpoints[0].recentFailures.count == 5)
        #expect(replicas[0].calls == 5)
        replicas[0].behave { _, _ in }
        let isBack = await eventually {
          _ = await client.failure()
          return channel.snapshot().endpoints[0].state == "ready"
        }
        #expect(isBack)
      }
    }
  }

  @Test func `may all be down, and a call is tried all the same`() async throws {
    let port = try await freePort()
    try await withChannel(to: [port]) { client, channel in
      for _ in 0..<3 { #expect(await client.failure()?.reason == "UNREACHABLE") }
      #expect(channel.snapshot().endpoints[0].state == "unreachable")
      let replica = Replica()
      try await replica.serving(port: port) { _ in
        #expect(await client.failure() == nil)
      }
    }
  }

  @Test func `are looked after when the call that came first is long over`() async throws {
    let port = try await freePort()
    let other = Replica()
    try await other.serving { otherPort in
      try await withChannel(to: [port, otherPort]) { client, channel in
        let scope = CallScope(deadline: .now + .milliseconds(100))
        await CallScope.$current.withValue(scope) { _ = await client.failure() }
        while channel.snapshot().endpoints[0].state == "ready" { _ = await client.failure() }
        try await Task.sleep(for: .milliseconds(200))
        try await Replica().serving(port: port) { _ in
          let isBack = await eventually { channel.snapshot().endpoints[0].state == "ready" }
          #expect(isBack)
        }
      }
    }
  }

  @Test func `that say nothing are not taken to be back`() async throws {
    let isDeaf = Mutex(false)
    try await withChannel(
      to: [1, 2],
      transport: { address in
        EndpointTransport(handler: { request in
          guard address.port == 1 else {
            return HTTPResponse(status: 200, fields: ["content-type": "application/proto"])
          }
          let wasDeaf = isDeaf.withLock { isDeaf in
            defer { isDeaf = true }
            return isDeaf
          }
          if wasDeaf { try await Task.sleep(for: .seconds(60)) }
          throw HTTPTransportError(.unreachable, "test")
        })
      }
    ) { client, channel in
      while channel.snapshot().endpoints[0].state == "ready" { _ = await client.failure() }
      try await Task.sleep(for: .milliseconds(3500))
      #expect(channel.snapshot().endpoints[0].state == "unreachable")
    }
  }

  @Test func `that were cut off take calls within seconds of their return`() async throws {
    let isCut = Mutex(false)
    let replicas = [Replica(), Replica()]
    try await serving(replicas) { ports in
      var config = ServiceConfig()
      config.balancing = .roundRobin
      // Later than this test waits.
      config.outliers.probeInterval = .seconds(60)
      try await withChannel(
        to: ports,
        config,
        transport: { address in
          let real = http2(address)
          let answer = real.handler
          return EndpointTransport(
            handler: { request in
              guard address.port == ports[0], isCut.withLock({ $0 }) else {
                return try await answer(request)
              }
              // Calls in flight learn that nobody answers, a health check cannot connect.
              let isCheck = request.target == HealthMethods.check.path
              throw HTTPTransportError(isCheck ? .unreachable : .interrupted, "cut off")
            },
            close: real.close
          )
        }
      ) { client, channel in
        #expect(await client.failure() == nil)
        isCut.withLock { $0 = true }
        let isNoticed = await eventually {
          _ = await client.failure()
          return channel.snapshot().endpoints[0].state == "unreachable"
        }
        #expect(isNoticed)
        isCut.withLock { $0 = false }
        let mended = ContinuousClock.now
        let isBack = await eventually {
          _ = await client.failure()
          return channel.snapshot().endpoints[0].state == "ready"
        }
        #expect(isBack)
        #expect(mended.duration(to: .now) < .seconds(5))
      }
    }
  }

  @Test func `are waited for by calls that may wait`() async throws {
    let port = try await freePort()
    var config = ServiceConfig()
    config.fallback.waitsForReady = true
    try await withChannel(to: [port], config) { client, channel in
      let call = Task { await client.failure(TestMethods.unknown, timeout: .seconds(60)) }
      let isWaiting = await eventually { channel.snapshot().waitingCalls == 1 }
      #expect(isWaiting)
      let error = try await Replica().serving(port: port) { _ in await call.value }
      #expect(error == nil)
    }
  }

  @Test func `are waited for until the deadline`() async throws {
    let port = try await freePort()
    var config = ServiceConfig()
    config.fallback.waitsForReady = true
    try await withChannel(to: [port], config) { client, channel in
      let error = await client.failure(timeout: .milliseconds(200))
      #expect(error?.code == .deadlineExceeded)
      #expect(await eventually { channel.snapshot().waitingCalls == 0 })
    }
  }

  @Test func `that restart lose no call`() async throws {
    let replicas = [Replica(), Replica()]
    let ports = [try await freePort(), try await freePort()]
    try await replicas[0].serving(port: ports[0]) { _ in
      try await withChannel(to: ports) { client, _ in
        let failures = await withTaskGroup(of: [RPCError].self) { group in
          for _ in 0..<16 {
            group.addTask {
              var failures: [RPCError] = []
              while !Task.isCancelled {
                if let error = await client.failure(TestMethods.unknown), error.code != .canceled {
                  failures.append(error)
                }
                try? await Task.sleep(for: .milliseconds(1))
              }
              return failures
            }
          }
          for _ in 0..<3 {
            try? await replicas[1].serving(port: ports[1]) { _ in
              try await Task.sleep(for: .milliseconds(300))
            }
          }
          group.cancelAll()
          return await group.reduce([], +)
        }
        #expect(failures.isEmpty, "\(failures)")
        #expect(replicas[1].calls > 100)
      }
    }
  }

  @Test func `that say they are not serving get no calls`() async throws {
    let replicas = [Replica(), Replica()]
    try await serving(replicas) { ports in
      var config = ServiceConfig()
      config.balancing = .roundRobin
      config.health = HealthCheckConfig()
      config.health?.interval = .milliseconds(100)
      try await withChannel(to: ports, config) { client, channel in
        #expect(await client.failure() == nil)
        replicas[0].health.drain()
        let isOut = await eventually { channel.snapshot().endpoints[0].state == "not_serving" }
        #expect(isOut)
        let before = replicas[0].calls
        for _ in 0..<10 { #expect(await client.failure() == nil) }
        #expect(replicas[0].calls == before)
      }
    }
  }

  @Test func `are closed with the channel, and calls fail then`() async throws {
    let closed = Mutex(0)
    let channel = ServiceChannel(
      name: "test",
      targets: [ChannelTarget(host: "127.0.0.1", port: 1), ChannelTarget(host: "::1", port: 1)],
      idempotency: TestMethods.idempotency,
      transport: { _ in
        EndpointTransport(
          handler: { _ in HTTPResponse(status: 200) },
          close: { closed.withLock { $0 += 1 } }
        )
      }
    )
    let request = HTTPRequest(method: "POST", target: TestMethods.harmless.path)
    #expect(try await channel.send(request).status == 200)
    await channel.close()
    await channel.close()
    #expect(closed.withLock { $0 } == 2)
    await #expect(throws: HTTPTransportError(.unreachable, "the channel is closed")) {
      _ = try await channel.send(request)
    }
  }

  @Test func `are addressed by their own names`() async throws {
    let seen = Mutex<[String]>([])
    try await withChannel(
      to: [81],
      transport: { _ in
        EndpointTransport(handler: { request in
          seen.withLock { $0.append("\(request.scheme)://\(request.authority)\(request.target)") }
          return HTTPResponse(status: 200, fields: ["content-type": "application/proto"])
        })
      }
    ) { client, _ in
      #expect(await client.failure() == nil)
    }
    #expect(seen.withLock { $0 } == ["http://127.0.0.1:81/t.v1.T/Harmless"])
  }

  @Test func `and all that is known of them can be written as JSON`() async throws {
    let replicas = [Replica(), Replica(Self.down)]
    try await serving(replicas) { ports in
      try await withChannel(to: ports) { client, channel in
        for _ in 0..<10 { _ = await client.failure() }
        let json = try ParsedJSON(channel.snapshot().json)
        guard case .object(let members) = json, case .list(let endpoints)? = members["endpoints"]
        else {
          Issue.record("no object with endpoints")
          return
        }
        #expect(members["name"] == .string("test"))
        #expect(members["policy"] == .string("p2c_ewma"))
        #expect(endpoints.count == 2)
      }
    }
  }
}
