import CurlClient
import HTTPMessage
import Logging
import Metrics
import RPC
import Telemetry

/// What a running service tells of itself: its metrics, its traces and its access log.
struct Introspection: Sendable {
  let metrics: MetricsRegistry
  /// `nil` where spans have nowhere to go.
  let tracer: Tracer?
  let accessLog: AccessLog
  private let exporter: SpanExporter?
  private let curl: CurlClient?

  /// Sets up the metrics of this process, so it is made once and before anything that counts.
  init(_ settings: IntrospectionSettings, service: String, level: Logger.Level) {
    let metrics = MetricsRegistry()
    MetricsSystem.bootstrap(metrics)
    self.metrics = metrics
    self.accessLog = AccessLog(service: service, level: level, logsCalls: settings.logsCalls)
    guard let collector = settings.collector else {
      self.tracer = nil
      self.exporter = nil
      self.curl = nil
      return
    }
    let tracer = Tracer(ratio: settings.sampleRatio)
    let curl = CurlClient()
    self.tracer = tracer
    self.curl = curl
    self.exporter = SpanExporter(
      tracer: tracer,
      endpoint: collector,
      fields: settings.collectorFields,
      service: service,
      send: curl.handler
    )
  }

  /// Exports spans and writes lines while `body` runs, and what is left after it: spans for two
  /// seconds at most, then lines for one.
  nonisolated(nonsending) func running<Value>(
    _ body: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    let (lines, exporter) = (self.accessLog.lines, self.exporter)
    async let written: Void = lines.run()
    async let exported: Void? = exporter?.run()
    let result: Result<Value, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    self.tracer?.finish()
    _ = await exported
    lines.finish()
    await written
    self.curl?.close()
    return try result.get()
  }

  /// Adds the page with the metrics.
  func addMetricsPage(to server: inout RPCServer) {
    let metrics = self.metrics
    server.route("/metrics", isForOperators: true) { request in
      let format = MetricsFormat(accept: request.fields["accept"])
      return HTTPResponse(
        status: 200,
        fields: ["content-type": format.contentType, "cache-control": "no-store"],
        body: Array(metrics.text(format).utf8)
      )
    }
  }
}
