import Contracts
import Glibc
import HTTPMessage
import Metrics
import RPC
import SwiftProtobuf
import Telemetry

/// Measures what metrics, traces and the access log add to a call of a server in this process.
///
/// Prints a table of microseconds of processor time a call: the least of many short rounds, as others
/// use the machine too.
@main
enum CallCost {
  private static let calls = 200
  private static let rounds = 1000
  private static let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"

  private typealias Request = Netflixgpt_Emotion_V1_ExtractEmotionsRequest
  private typealias Response = Netflixgpt_Emotion_V1_ExtractEmotionsResponse

  static func main() async {
    // Handles are made by the first call, so this server's count nothing.
    let bare = Self.server()
    _ = await bare.handle(Self.request())
    let registry = MetricsRegistry()
    MetricsSystem.bootstrap(registry)
    let lines = LineBuffer(descriptor: open("/dev/null", O_WRONLY), maxBytes: .max)
    let tracer = Tracer(ratio: 0, capacity: .max)
    let rows: [(name: String, server: RPCServer, request: HTTPRequest)] = [
      ("nothing", bare, Self.request()),
      ("metrics", Self.server(), Self.request()),
      ("metrics, a trace passed on", Self.server(), Self.request(flags: "01")),
      ("metrics, a trace not sampled", Self.server(tracer: tracer), Self.request()),
      ("metrics, a trace sampled", Self.server(tracer: tracer), Self.request(flags: "01")),
      (
        "metrics, access log",
        Self.server { record in
          lines.append { record.appendMembers(to: &$0) }
        }, Self.request()
      ),
    ]
    var best = Array(repeating: Double.infinity, count: rows.count)
    for _ in 0..<Self.rounds {
      for (index, row) in rows.enumerated() {
        best[index] = min(best[index], await Self.microseconds(row.server, row.request))
        _ = tracer.take(atMost: .max)
        lines.flush()
      }
    }
    print("| with | µs a call | added |\n|---|---|---|")
    for (row, time) in zip(rows, best) {
      print("| \(row.name) | \(Self.rounded(time)) | \(Self.rounded(time - best[0])) |")
    }
    var scrapes = Double.infinity
    for _ in 0..<Self.rounds {
      let began = Self.processorTime
      _ = registry.text(.prometheus)
      scrapes = min(scrapes, Self.processorTime - began)
    }
    print("\nA scrape takes \(Self.rounded(scrapes)) µs.")
  }

  private static func server(
    tracer: Tracer? = nil,
    observe: @escaping @Sendable (CallRecord) -> Void = { _ in }
  ) -> RPCServer {
    var server = RPCServer(
      schema: Schema.fileDescriptorSet,
      health: Health(),
      tracer: tracer,
      observe: observe
    )
    server.register(EmotionMethods.extractEmotions) { _, _ in Response() }
    return server
  }

  private static func request(flags: String? = nil) -> HTTPRequest {
    var fields: HeaderFields = ["content-type": "application/proto", "x-request-id": "a"]
    if let flags { fields.append("traceparent", Self.caller + flags) }
    return HTTPRequest(
      method: "POST",
      target: EmotionMethods.extractEmotions.path,
      fields: fields
    )
  }

  private static func microseconds(_ server: RPCServer, _ request: HTTPRequest) async -> Double {
    let began = Self.processorTime
    for _ in 0..<Self.calls { _ = await server.handle(request) }
    return (Self.processorTime - began) / Double(Self.calls)
  }

  /// Microseconds, of all threads.
  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000_000 + Double(time.tv_nsec) / 1000
  }

  private static func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }
}
