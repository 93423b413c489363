import JSONText
import Logging
import RPC
import Telemetry

/// A line of JSON for each request, with neither texts nor keys.
struct AccessLog: Sendable {
  /// The service's other log lines go there too.
  let lines = LineBuffer()
  private let service: String
  private let level: Logger.Level
  private let logsCalls: Bool

  /// What probes and scrapers ask, which says little as long as it is answered.
  private static let probes: Set<String> = [
    "/livez", "/readyz", "/startupz", "/metrics", HealthMethods.check.path,
    HealthMethods.list.path,
  ]

  /// - Parameters:
  ///   - service: Named in each line.
  ///   - level: The least severe to write.
  ///   - logsCalls: Whether calls without a failure of ours are of level info, or debug.
  init(service: String, level: Logger.Level, logsCalls: Bool) {
    self.service = service
    self.level = level
    self.logsCalls = logsCalls
  }

  func write(_ record: CallRecord) {
    let level = self.level(of: record)
    guard level >= self.level else { return }
    self.lines.append { line in
      line += ",\"level\":\"\(level)\",\"service\":"
      line.appendJSON(self.service)
      line += ",\"message\":\"call\""
      record.appendMembers(to: &line)
    }
  }

  /// That a service isn't ready is what `/readyz` is asked for, and no failure of the page's.
  private func level(of record: CallRecord) -> Logger.Level {
    if record.status >= 500, record.method != "/readyz" { return .warning }
    let isProbe = record.status < 400 && Self.probes.contains(record.method)
    return self.logsCalls && !isProbe ? .info : .debug
  }
}
