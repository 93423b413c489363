import CurlClient
import Glibc
import HTTPMessage
import Providers

/// Measures what asking a vendor costs beyond libcurl's own call: `provider-cost BASE_URL CALLS`.
///
/// Prints, as JSON, microseconds, each the median of CALLS calls one after the other: the bare
/// exchange of the same bytes through libcurl, and the same through a chain of one provider; and
/// calls a second with 64 under way, for both.
@main
enum ProviderCost {
  static func main() async throws {
    guard CommandLine.arguments.count == 3, let calls = Int(CommandLine.arguments[2]) else {
      let usage = "usage: provider-cost BASE_URL CALLS\n"
      _ = usage.withCString { write(STDERR_FILENO, $0, strlen($0)) }
      exit(EX_USAGE)
    }
    let endpoint = try VendorEndpoint(baseURL: CommandLine.arguments[1], key: "k")
    let api = OpenAIChat(endpoint: endpoint, model: "m")
    let curl = CurlClient()
    let chain = ProviderChain([
      LanguageModelProvider(name: "openai", api: api, handler: curl.handler)
    ])
    let request = api.request(for: .mood("a quiet, happy evening"), as: .schema)
    var bare: [Duration] = []
    var whole: [Duration] = []
    // In turns, so that what else the machine does falls on both.
    for number in 0..<calls + calls / 10 {
      let sent = try await Self.time { _ = try await curl.send(request) }
      let asked = try await Self.time {
        _ = try await chain.emotions(
          inMood: "a quiet, happy evening \(number)",
          until: .now + .seconds(10)
        )
      }
      guard number >= calls / 10 else { continue }
      bare.append(sent)
      whole.append(asked)
    }
    let (raw, layered) = (Self.median(bare), Self.median(whole))
    let rawRate = try await Self.rate(calls) { _ in _ = try await curl.send(request) }
    let layeredRate = try await Self.rate(calls) { number in
      _ = try await chain.emotions(inMood: "an evening \(number)", until: .now + .seconds(10))
    }
    print(
      """
      {"raw_us": \(raw), "chain_us": \(layered), "raw_rate": \(rawRate), "chain_rate": \(layeredRate)}
      """
    )
    curl.close()
  }

  private static func time(_ body: @Sendable () async throws -> Void) async throws -> Duration {
    let start = ContinuousClock.now
    try await body()
    return ContinuousClock.now - start
  }

  private static let flight = 64

  /// Calls a second with 64 under way.
  private static func rate(
    _ calls: Int,
    _ body: @escaping @Sendable (Int) async throws -> Void
  ) async throws -> Int {
    let elapsed = try await Self.time {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<calls {
          if number >= Self.flight { try await group.next() }
          group.addTask { try await body(number) }
        }
        try await group.waitForAll()
      }
    }
    return Int(Double(calls) / (elapsed / .seconds(1)))
  }

  /// In whole microseconds.
  private static func median(_ durations: [Duration]) -> Int {
    Int(durations.sorted()[durations.count / 2] / .microseconds(1))
  }
}
