import Admission
import Contracts
import Foundation
import Glibc
import HTTPMessage
import Metrics
import RPC
import SwiftProtobuf
import Telemetry

/// Calls of servers whose handler does nothing.
struct ServerCalls {
  private typealias Response = Netflixgpt_Emotion_V1_ExtractEmotionsResponse

  let calls: [MeasuredCall]
  private let registry: MetricsRegistry
  private let tracer: Tracer
  private let lines: LineBuffer

  private static let key = "a-key-that-opens-nothing"
  /// Of `key`, by `printf %s KEY | sha256sum`.
  private static let digest = "e4195ab448dc4ba847468d7daf8a5d1d84c35db351fe219ef06a9ed78bdf0c3f"
  private static let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"

  /// A server that counts into nothing, as nobody collects yet.
  static func bare() async throws -> RPCServer {
    let server = try await Self.server()
    _ = await server.handle(Self.request())
    return server
  }

  /// All calls, with whoever collects what they leave behind.
  static func observed(_ bare: RPCServer) async throws -> ServerCalls {
    let registry = MetricsRegistry()
    MetricsSystem.bootstrap(registry)
    let lines = LineBuffer(descriptor: open("/dev/null", O_WRONLY), maxBytes: .max)
    let tracer = Tracer(ratio: 0, capacity: .max)
    let log = { @Sendable (record: CallRecord) in
      lines.append { record.appendMembers(to: &$0) }
    }
    let keys = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).keys")
    try Data("bench \(Self.digest) read,write\n".utf8).write(to: keys)
    defer { try? FileManager.default.removeItem(at: keys) }
    var open = AdmissionControl.Configuration()
    open.mostRunning = nil
    var limited = open
    limited.mostRunning = 200
    var rated = open
    rated.rates = RatePolicies("1000000000/1")
    var keyed = open
    keyed.keysFile = keys.path
    var full = keyed
    full.mostRunning = 200
    full.rates = rated.rates

    let plain = Self.request()
    let withKey = Self.request(key: Self.key)
    let passedOn = Self.request(flags: "01")
    let everything = Self.request(flags: "01", key: Self.key)
    let traced = try await Self.server(tracer: tracer)
    let counted = try await Self.server()
    let logged = try await Self.server(observe: log)
    let calls = [
      Self.call("nothing", nil, bare, plain),
      Self.call("metrics", "nothing", counted, plain),
      Self.call("a trace passed on", "metrics", counted, passedOn),
      Self.call("a trace not sampled", "metrics", traced, plain),
      Self.call("a trace sampled", "metrics", traced, passedOn),
      Self.call("an access log", "metrics", logged, plain),
      Self.call("admission of everyone", "metrics", try await Self.server(admitting: open), plain),
      Self.call(
        "a concurrency limit",
        "admission of everyone",
        try await Self.server(admitting: limited),
        plain
      ),
      Self.call(
        "a rate limit",
        "admission of everyone",
        try await Self.server(admitting: rated),
        plain
      ),
      Self.call(
        "keys",
        "admission of everyone",
        try await Self.server(admitting: keyed),
        withKey
      ),
      Self.call(
        "all of these",
        "nothing",
        try await Self.server(admitting: full, tracer: tracer, observe: log),
        everything
      ),
    ]
    return ServerCalls(calls: calls, registry: registry, tracer: tracer, lines: lines)
  }

  /// Throws away what was collected.
  func clear() {
    _ = self.tracer.take(atMost: .max)
    self.lines.flush()
  }

  /// Microseconds to write all metrics.
  func scrape() -> Double { Table.least { _ = self.registry.text(.prometheus) } }

  private static func server(
    admitting configuration: AdmissionControl.Configuration? = nil,
    tracer: Tracer? = nil,
    observe: @escaping @Sendable (CallRecord) -> Void = { _ in }
  ) async throws -> RPCServer {
    var server = RPCServer(
      schema: Schema.fileDescriptorSet,
      health: Health(),
      tracer: tracer,
      observe: observe
    )
    server.register(EmotionMethods.extractEmotions) { _, _ in Response() }
    if let configuration { server.hooks = try await AdmissionControl(configuration).hooks }
    return server
  }

  private static func request(flags: String? = nil, key: String? = nil) -> HTTPRequest {
    var fields: HeaderFields = ["content-type": "application/proto", "x-request-id": "a"]
    if let flags { fields.append("traceparent", Self.caller + flags) }
    if let key { fields.append("x-api-key", key) }
    return HTTPRequest(
      method: "POST",
      target: EmotionMethods.extractEmotions.path,
      fields: fields
    )
  }

  /// As a transport calls, which asks for admission first.
  private static func call(
    _ name: String,
    _ without: String?,
    _ server: RPCServer,
    _ request: HTTPRequest
  ) -> MeasuredCall {
    MeasuredCall(name: name, without: without) {
      var request = request
      if let refusal = server.admit(&request) {
        Swift.print("\(name): refused with \(refusal.status)")
        exit(1)
      }
      _ = await server.handle(request)
    }
  }
}
