import CurlClient
import Glibc
import HTTPMessage
import Providers

/// Measures what asking a vendor costs beyond libcurl's own call: `provider-cost BASE_URL CALLS`.
///
/// Prints microseconds, each the median of CALLS calls one after the other: the bare exchange of
/// the same bytes through libcurl, the same through a chain of one provider, and the difference.
@main
enum ProviderCost {
  private struct Usage: Error {}

  static func main() async throws {
    guard CommandLine.arguments.count == 3, let calls = Int(CommandLine.arguments[2]) else {
      throw Usage()
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
    print("raw \(raw) chain \(layered) added \(layered - raw)")
    curl.close()
  }

  private static func time(_ body: () async throws -> Void) async throws -> Duration {
    let start = ContinuousClock.now
    try await body()
    return ContinuousClock.now - start
  }

  /// In whole microseconds.
  private static func median(_ durations: [Duration]) -> Int {
    Int(durations.sorted()[durations.count / 2] / .microseconds(1))
  }
}
