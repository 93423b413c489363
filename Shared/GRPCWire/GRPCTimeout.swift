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
}
