import RPC

/// The value of `grpc-timeout`: up to eight digits and a unit.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
package enum GRPCTimeout {
  private static let most: Int64 = 99_999_999

  /// The time in the finest of milliseconds, seconds and hours that holds it, rounded up; at least
  /// a millisecond.
  package static func format(_ timeout: Duration) -> String {
    let (seconds, attoseconds) = timeout.components
    if seconds < self.most / 1000 { return "\(Timeout.format(timeout))m" }
    if seconds < self.most { return "\(attoseconds > 0 ? seconds + 1 : seconds)S" }
    return "\(min(seconds / 3600 + 1, self.most))H"
  }

  /// Reads one to eight digits and a unit, from hours to nanoseconds; `nil` for anything else.
  package static func parse(_ value: String) -> Duration? {
    let digits = value.utf8.dropLast()
    guard (1...8).contains(digits.count), digits.allSatisfy(\.isDigit),
      let count = Int64(String(decoding: digits, as: UTF8.self))
    else { return nil }
    return switch value.last {
    case "H": .seconds(count * 3600)
    case "M": .seconds(count * 60)
    case "S": .seconds(count)
    case "m": .milliseconds(count)
    case "u": .microseconds(count)
    case "n": .nanoseconds(count)
    default: nil
    }
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
