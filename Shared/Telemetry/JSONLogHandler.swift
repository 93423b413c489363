package import Logging

#if canImport(Glibc)
import Glibc
#endif

/// Writes each log entry as one line of JSON to standard error.
///
/// Keys: `time` (RFC 3339, UTC, milliseconds), `level`, `service`, `message`, then the metadata.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level

  private let service: String

  package init(service: String, level: Logger.Level) {
    self.service = service
    self.logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { self.metadata[key] }
    set { self.metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var line = "{\"time\":\"\(Self.timestamp())\",\"level\":\"\(event.level)\",\"service\":"
    line.appendJSON(self.service)
    line += ",\"message\":"
    line.appendJSON(event.message.description)
    let all = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      line += ","
      line.appendJSON(key)
      line += ":"
      line.appendJSON(value.description)
    }
    line += "}\n"
    // One write, so that lines of several threads do not mix.
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
      .map { padded($0, 2) }.joined(separator: "-")
    let time = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
      .map { padded($0, 2) }.joined(separator: ":")
    return "\(date)T\(time).\(padded(now.tv_nsec / 1_000_000, 3))Z"
  }
}

extension String {
  /// Appends `text` as a JSON string.
  ///
  /// Source: https://www.rfc-editor.org/rfc/rfc8259#section-7
  mutating func appendJSON(_ text: String) {
    self += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": self += "\\\""
      case "\\": self += "\\\\"
      case "\n": self += "\\n"
      case "\r": self += "\\r"
      case "\t": self += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        self += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: self.unicodeScalars.append(scalar)
      }
    }
    self += "\""
  }
}
