import HTTPMessage
import JSONText
import Telemetry

extension CallRecord {
  /// Appends what is known of the request as members of a JSON object, each behind a comma.
  package func appendMembers(to line: inout String) {
    func text(_ name: String, _ value: String?) {
      guard let value else { return }
      line += ",\"\(name)\":"
      line.appendJSON(value)
    }
    func number(_ name: String, _ value: Int) { line += ",\"\(name)\":\(value)" }
    text("method", self.method)
    text("httpMethod", self.httpMethod.isEmpty ? nil : self.httpMethod)
    text("httpVersion", self.httpVersion.rawValue)
    number("status", self.status)
    text("code", self.code?.name ?? (self.status < 400 ? "ok" : nil))
    text("failure", self.failure)
    let (seconds, attoseconds) = self.duration.components
    number("microseconds", Int(clamping: seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
    number("requestBytes", self.requestBytes)
    number("responseBytes", self.responseBytes)
    text("codec", self.codec?.rawValue)
    text("requestID", self.requestID)
    text("traceID", (self.watch?.span?.context ?? self.trace)?.traceID)
    text("caller", self.caller.isEmpty ? nil : self.caller)
  }
}
