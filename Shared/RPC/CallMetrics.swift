import HTTPMessage
import Metrics
import Synchronization

/// What a server counts, with handles that are made once.
final class ServerMetrics: Sendable {
  private struct Page: Hashable {
    var path: String
    var status: Int
  }

  /// By path; as many as there are methods.
  private let methods = Mutex<[String: MethodMetrics]>([:])
  private let pages = Mutex<[Page: Timer]>([:])
  private let rejections = Mutex<[HTTPRejection: Counter]>([:])

  /// The metrics of a registered method, or of `MethodMetrics.other`.
  func method(_ path: String) -> MethodMetrics {
    self.methods.withLock { methods in
      if let known = methods[path] { return known }
      let new = MethodMetrics(path: path)
      methods[path] = new
      return new
    }
  }

  func pageServed(_ record: CallRecord) {
    let timer = self.pages.withLock { pages in
      let page = Page(path: record.method, status: record.status)
      if let known = pages[page] { return known }
      let new = Timer(
        label: "http_server_request_duration_seconds",
        dimensions: [
          ("http_route", page.path), ("http_response_status_code", "\(page.status)"),
        ]
      )
      pages[page] = new
      return new
    }
    timer.record(duration: record.duration)
  }

  func rejected(_ rejection: HTTPRejection) {
    let counter = self.rejections.withLock { counters in
      if let known = counters[rejection] { return known }
      let new = Counter(
        label: "rpc_server_rejected_total",
        dimensions: [("reason", rejection.metricReason)]
      )
      counters[rejection] = new
      return new
    }
    counter.increment()
  }
}

/// What is counted of one method of a server.
final class MethodMetrics: Sendable {
  /// Stands for all paths that nobody answers.
  static let other = "_OTHER"

  private let started: Counter
  private let active: Meter
  private let requestBytes: Recorder
  private let responseBytes: Recorder
  private let durations: CallDurations

  init(path: String) {
    let dimensions = CallDurations.dimensions(path)
    self.started = Counter(label: "rpc_server_calls_started_total", dimensions: dimensions)
    self.active = Meter(label: "rpc_server_active_calls", dimensions: dimensions)
    self.requestBytes = Recorder(label: "rpc_server_request_size_bytes", dimensions: dimensions)
    self.responseBytes = Recorder(label: "rpc_server_response_size_bytes", dimensions: dimensions)
    self.durations = CallDurations(label: "rpc_server_call_duration_seconds", path: path)
  }

  func began() {
    self.started.increment()
    self.active.increment()
  }

  func ended(_ record: CallRecord) {
    self.active.decrement()
    self.requestBytes.record(record.requestBytes)
    self.responseBytes.record(record.responseBytes)
    self.durations.record(record.duration, record.code)
  }
}

/// What a client counts, by method.
final class ClientMetrics: Sendable {
  private let methods = Mutex<[String: CallDurations]>([:])

  func finished(_ path: String, after duration: Duration, _ code: Code?) {
    let durations = self.methods.withLock { methods in
      if let known = methods[path] { return known }
      let new = CallDurations(label: "rpc_client_call_duration_seconds", path: path)
      methods[path] = new
      return new
    }
    durations.record(duration, code)
  }
}

/// How long the calls of one method took, by outcome.
final class CallDurations: Sendable {
  private let label: String
  private let path: String
  /// At 0 of those that succeeded, otherwise at the code's number.
  private let timers = Mutex<[Timer?]>(Array(repeating: nil, count: Code.allCases.count + 1))

  init(label: String, path: String) {
    self.label = label
    self.path = path
  }

  func record(_ duration: Duration, _ code: Code?) {
    let index = code?.rawValue ?? 0
    let timer = self.timers.withLock { timers in
      if let known = timers[index] { return known }
      let new = Timer(
        label: self.label,
        dimensions: Self.dimensions(self.path) + [("rpc_status_code", code?.name ?? "ok")]
      )
      timers[index] = new
      return new
    }
    timer.record(duration: duration)
  }

  /// The labels of OpenTelemetry's RPC metrics.
  static func dimensions(_ path: String) -> [(String, String)] {
    [
      ("rpc_system_name", "connectrpc"),
      ("rpc_method", path.hasPrefix("/") ? String(path.dropFirst()) : path),
    ]
  }
}

extension HTTPRejection {
  fileprivate var metricReason: String {
    switch self {
    case .malformed: "malformed"
    case .headerTooLarge: "header_too_large"
    case .bodyTooLarge: "body_too_large"
    case .readTimeout: "read_timeout"
    case .unencrypted: "unencrypted"
    }
  }
}
