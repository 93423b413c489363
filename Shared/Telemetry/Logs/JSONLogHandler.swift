import JSONText
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
    var timestamp = Timestamp()
    var line = "{\"time\":\"\(timestamp.now())\",\"level\":\"\(event.level)\",\"service\":"
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
}
