import ArgumentParser
import Channel
import Contracts
import Glibc
import HTTPMessage
import RPC

/// What a channel adds to a call that needs nothing of it, in microseconds.
struct CostCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "cost")

  @Option var rounds = 1000

  private static let calls = 200

  func run() async throws {
    let answer: HTTPHandler = { _ in
      HTTPResponse(status: 200, fields: ["content-type": "application/proto"])
    }
    let bare = try await self.microseconds(answer)
    print("bare handler: \(bare) µs a call")
    var hedging = ServiceConfig()
    hedging.fallback.repetition = .hedge(HedgingPolicy(delay: .seconds(1)))
    var single = ServiceConfig()
    single.fallback.repetition = .none
    var roundRobin = ServiceConfig()
    roundRobin.balancing = .roundRobin
    let configs: [(String, ServiceConfig)] = [
      ("no retries, p2c_ewma of 3", single), ("retries, p2c_ewma of 3", ServiceConfig()),
      ("retries, round_robin of 3", roundRobin), ("hedging, p2c_ewma of 3", hedging),
    ]
    for (name, config) in configs {
      let channel = ServiceChannel(
        name: "cost",
        targets: (1...3).map { ChannelTarget(host: "127.0.0.\($0)", port: 80) },
        config: config,
        idempotency: { _ in .noSideEffects },
        transport: { _ in EndpointTransport(handler: answer) }
      )
      let cost = try await self.microseconds(channel.handler)
      await channel.close()
      print("\(name): \(cost) µs a call, \(((cost - bare) * 100).rounded() / 100) more")
    }
  }

  /// Of processor time, by all threads: the least of many short rounds, as others use the machine too.
  private func microseconds(_ handler: @escaping HTTPHandler) async throws -> Double {
    let client = try RPCClient(baseURL: "http://cost", send: handler)
    var best = Double.infinity
    for _ in 0..<self.rounds {
      let began = Self.processorTime
      for _ in 0..<Self.calls {
        _ = try await client.call(EmbeddingMethods.getEmbeddingSpace, .init())
      }
      best = min(best, (Self.processorTime - began) / Double(Self.calls))
    }
    return (best * 100).rounded() / 100
  }

  /// Microseconds.
  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000_000 + Double(time.tv_nsec) / 1000
  }
}
