#if canImport(Glibc)
import Glibc
#endif

/// The time of day for log lines: RFC 3339, UTC, milliseconds.
///
/// Keeps the text of the second it wrote last, as taking a time apart costs more than a log line.
struct Timestamp {
  private var second: time_t = -1
  private var text = ""

  /// Now, as in "2026-11-22T14:28:30.123Z".
  mutating func now() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    if now.tv_sec != self.second {
      self.second = now.tv_sec
      self.text = Self.text(of: now.tv_sec)
    }
    return "\(self.text).\(Self.padded(now.tv_nsec / 1_000_000, 3))Z"
  }

  private static func text(of second: time_t) -> String {
    var second = second
    var parts = tm()
    gmtime_r(&second, &parts)
    let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
      .map { Self.padded($0, 2) }.joined(separator: "-")
    let time = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)]
      .map { Self.padded($0, 2) }.joined(separator: ":")
    return "\(date)T\(time)"
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
