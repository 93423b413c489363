import Channel
import HTTPMessage
import RPC
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct `Names` {
  private struct NoAddress: Error {}

  /// What a name stands for, as a test has it, and who was asked how often.
  private final class Book: Sendable {
    let addresses = Mutex<[String]?>(nil)
    let lookUps = Mutex(0)
    let calls = Mutex<[String: Int]>([:])
    let closed = Mutex<[String]>([])

    func list(_ addresses: [String]?) { self.addresses.withLock { $0 = addresses } }

    func called(_ address: String) -> Int { self.calls.withLock { $0[address] ?? 0 } }

    func channel(_ config: ServiceConfig, failing: Set<String> = []) -> ServiceChannel {
      ServiceChannel(
        name: "test",
        targets: [ChannelTarget(host: "backend", port: 80)],
        config: config,
        idempotency: TestMethods.idempotency,
        resolver: { _ in
          self.lookUps.withLock { $0 += 1 }
          guard let addresses = self.addresses.withLock({ $0 }) else { throw NoAddress() }
          return addresses
        },
        transport: { address in
          EndpointTransport(
            handler: { request in
              guard !failing.contains(address.host) else {
                throw HTTPTransportError(.unreachable, "test")
              }
              if request.target == TestMethods.unknown.path {
                #expect(request.authority == "backend:80")
                self.calls.withLock { $0[address.host, default: 0] += 1 }
              }
              return HTTPResponse(status: 200, fields: ["content-type": "application/proto"])
            },
            close: { self.closed.withLock { $0.append(address.host) } }
          )
        }
      )
    }
  }

  private static func config(every interval: Duration) -> ServiceConfig {
    var config = ServiceConfig()
    config.resolveInterval = interval
    config.balancing = .roundRobin
    return config
  }

  private let request = HTTPRequest(method: "POST", target: TestMethods.unknown.path)

  @Test func `are looked up again, so that endpoints come and go`() async throws {
    let book = Book()
    book.list(["10.0.0.1", "10.0.0.2"])
    let channel = book.channel(Self.config(every: .milliseconds(100)))
    _ = try await channel.send(self.request)
    #expect(channel.snapshot().endpoints.map(\.address) == ["10.0.0.1:80", "10.0.0.2:80"])
    book.list(["10.0.0.2", "10.0.0.3"])
    #expect(
      await eventually {
        _ = try? await channel.send(self.request)
        return book.called("10.0.0.3") > 0
      }
    )
    #expect(await eventually { book.closed.withLock { $0 } == ["10.0.0.1"] })
    let before = book.called("10.0.0.1")
    for _ in 0..<10 { _ = try await channel.send(self.request) }
    #expect(book.called("10.0.0.1") == before)
    await channel.close()
  }

  @Test func `that can't be looked up any more keep their addresses`() async throws {
    let book = Book()
    book.list(["10.0.0.1"])
    let channel = book.channel(Self.config(every: .milliseconds(100)))
    _ = try await channel.send(self.request)
    for answer in [nil, []] as [[String]?] {
      book.list(answer)
      let lookUps = book.lookUps.withLock { $0 }
      #expect(await eventually { book.lookUps.withLock { $0 } > lookUps + 1 })
      _ = try await channel.send(self.request)
    }
    await channel.close()
  }

  @Test func `that nobody knows fail the call`() async throws {
    let channel = Book().channel(Self.config(every: .seconds(60)))
    let error = await #expect(throws: HTTPTransportError.self) {
      _ = try await channel.send(self.request)
    }
    #expect(error?.reason == .unreachable)
    await channel.close()
  }

  @Test func `are looked up as soon as an endpoint can't be reached`() async throws {
    let book = Book()
    book.list(["10.0.0.1", "10.0.0.2"])
    let channel = book.channel(Self.config(every: .seconds(3600)), failing: ["10.0.0.1"])
    for _ in 0..<4 { _ = try await channel.send(self.request) }
    #expect(book.called("10.0.0.2") == 4)
    book.list(["10.0.0.3"])
    #expect(await eventually { channel.snapshot().endpoints.map(\.address) == ["10.0.0.3:80"] })
    await channel.close()
  }

  @Test func `are looked up by the system`() async throws {
    #expect(try await SystemResolver.resolve("localhost").contains("127.0.0.1"))
    await #expect(throws: SystemResolver.Failure.self) {
      _ = try await SystemResolver.resolve("no-such-host.invalid")
    }
  }
}
