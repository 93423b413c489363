import HTTPMessage

/// How a service shows what it does.
struct IntrospectionSettings: Sendable {
  static let accessLog = Setting<String>.choice(
    "ACCESS_LOG",
    default: "on",
    of: ["on", "off"],
    "A log line for each request at level info, at debug for probes; off: at debug for all."
  )
  static let adminHost = Setting<String>.text(
    "ADMIN_HOST",
    default: "127.0.0.1",
    "Address to listen on for operators."
  )
  static let adminPort = Setting<Int?>(
    "ADMIN_PORT",
    type: "integer",
    range: "0...65535",
    shown: "",
    "TCP port for operators: /metrics and /debugz, which are nowhere else then; when not set, the "
      + "service's own port has /metrics, for whoever may call. 0 takes a free one.",
    default: nil
  ) { text in Int(text).flatMap { (0...65_535).contains($0) ? .some($0) : nil } }
  static let sampleRatio = Setting<Double>.number(
    "TRACE_SAMPLE_RATIO",
    default: 0.1,
    in: 0...1,
    "Share of the traces that start here which is recorded; others follow their caller."
  )
  static let collector = Setting<String?>.optionalURL(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "Where spans are sent by OTLP over HTTP, without /v1/traces; traces are only passed on when "
      + "not set."
  )
  static let collectorFields = Setting<HeaderFields>(
    "OTEL_EXPORTER_OTLP_HEADERS",
    type: "secret",
    range: "NAME=VALUE by commas, values percent-encoded",
    shown: "",
    "Header fields for the collector, such as `api-key=KEY,tenant=NAME`.",
    isSecret: true,
    default: HeaderFields()
  ) { HeaderFields(list: $0) }

  static let table = [
    Self.accessLog.about, Self.adminHost.about, Self.adminPort.about, Self.sampleRatio.about,
    Self.collector.about, Self.collectorFields.about,
  ]

  let logsCalls: Bool
  let admin: AdminAddress?
  let sampleRatio: Double
  let collector: String?
  let collectorFields: HeaderFields

  init(_ values: SettingValues) {
    self.logsCalls = values[Self.accessLog] == "on"
    self.admin = values[Self.adminPort].map {
      AdminAddress(host: values[Self.adminHost], port: $0)
    }
    self.sampleRatio = values[Self.sampleRatio]
    self.collector = values[Self.collector]
    self.collectorFields = values[Self.collectorFields]
  }
}

/// Where operators ask.
struct AdminAddress: Sendable, Hashable {
  var host: String
  var port: Int
}
