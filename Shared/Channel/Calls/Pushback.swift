import HTTPMessage
import RPC

/// What a server's error says about another attempt.
///
/// Source: https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback
struct Pushback: Sendable, Hashable {
  /// Whether the server wants none.
  var isRefused = false
  /// How long to wait before it.
  var delay: Duration?

  private static let longest = Duration.seconds(24 * 3600)

  init() {}

  init(_ response: HTTPResponse, _ error: RPCError) {
    let own = "grpc-retry-pushback-ms"
    let pushback =
      response.fields[own] ?? response.fields["trailer-\(own)"] ?? response.trailers[own]
    if response.fields["x-should-retry"]?.lowercased() == "false" { self.isRefused = true }
    if let pushback {
      // A value that is negative or no number means that there must be no other attempt.
      guard let milliseconds = Int64(pushback), milliseconds >= 0 else {
        self.isRefused = true
        return
      }
      self.delay = Self.bounded(Double(milliseconds) / 1000)
    } else if let milliseconds = response.fields["retry-after-ms"].flatMap(Double.init) {
      self.delay = Self.bounded(milliseconds / 1000)
    } else if let delay = error.retryDelay {
      self.delay = min(delay, Self.longest)
    } else if let seconds = response.fields["retry-after"].flatMap(Double.init) {
      self.delay = Self.bounded(seconds)
    }
  }

  private static func bounded(_ seconds: Double) -> Duration? {
    guard seconds >= 0, seconds <= Self.longest / .seconds(1) else {
      return seconds > 0 ? Self.longest : nil
    }
    return .seconds(seconds)
  }
}
