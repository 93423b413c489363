import Glibc
import HTTPMessage

/// What the header of a reply says about asking again.
///
/// The names and their precedence are those of OpenAI's own clients.
/// Source: https://github.com/openai/openai-python/blob/main/src/openai/_base_client.py
struct RetryHeaders {
  /// `x-should-retry`, where it is sent.
  let shouldRetry: Bool?
  /// `retry-after-ms`, else `retry-after` in seconds or as a date.
  let after: Duration?

  init(_ fields: HeaderFields, now: Int = time(nil)) {
    self.shouldRetry = fields["x-should-retry"].flatMap { Bool($0) }
    if let milliseconds = fields["retry-after-ms"].flatMap(Double.init) {
      self.after = Self.wait(milliseconds / 1000)
    } else if let text = fields["retry-after"] {
      self.after = Self.wait(Double(text) ?? Self.seconds(until: text, now: now))
    } else {
      self.after = nil
    }
  }

  var hint: RetryHint {
    RetryHint(after: self.after, isAllowed: self.shouldRetry ?? true)
  }

  private static func wait(_ seconds: Double?) -> Duration? {
    guard let seconds, seconds >= 0, seconds <= 30 * 86_400 else { return nil }
    return .seconds(seconds)
  }

  /// Reads a date like "Sun, 06 Nov 1994 08:49:37 GMT"; one in the past is 0 seconds away.
  private static func seconds(until date: String, now: Int) -> Double? {
    let parts = date.split { $0 == " " || $0 == ":" }
    guard parts.count == 8, parts[7] == "GMT", let day = Int32(parts[1]),
      let month = Self.months.firstIndex(of: parts[2]), let year = Int32(parts[3]),
      (1970...9999).contains(year), let hour = Int32(parts[4]), let minute = Int32(parts[5]),
      let second = Int32(parts[6])
    else { return nil }
    var time = tm()
    (time.tm_year, time.tm_mon, time.tm_mday) = (year - 1900, Int32(month), day)
    (time.tm_hour, time.tm_min, time.tm_sec) = (hour, minute, second)
    return Double(max(0, timegm(&time) - now))
  }

  private static let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
