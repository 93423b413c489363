import JSONText
package import Logging

/// Makes each log entry one line of JSON.
///
/// Keys: `time` (RFC 3339, UTC, milliseconds), `level`, `service`, `message`, then the metadata.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level

  private let service: String
  private let lines: LineBuffer

  package init(service: String, level: Logger.Level, lines: LineBuffer) {
    self.service = service
    self.logLevel = level
    self.lines = lines
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { self.metadata[key] }
    set { self.metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var line = ",\"level\":\"\(event.level)\",\"service\":"
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
    self.lines.log { $0 += line }
  }
}
