/// The value of `Connect-Timeout-Ms`.
///
/// Source: https://connectrpc.com/docs/protocol#unary-request
package enum Timeout {
  /// The header's largest value, of ten digits.
  static let maxMilliseconds: Int64 = 9_999_999_999

  /// Reads 1 to 10 digits.
  package static func parse(_ value: String) throws(RPCError) -> Duration {
    let digits = value.utf8
    var milliseconds: Int64 = 0
    var isValid = (1...10).contains(digits.count)
    for digit in digits where isValid {
      isValid = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
      if isValid { milliseconds = milliseconds * 10 + Int64(digit - UInt8(ascii: "0")) }
    }
    guard isValid else {
      throw RPCError(
        .invalidArgument,
        "Connect-Timeout-Ms must be 1 to 10 digits",
        details: [.errorInfo(reason: "INVALID_TIMEOUT")]
      )
    }
    return .milliseconds(milliseconds)
  }

  /// Whole milliseconds rounded up, 1 at least, as the header writes them.
  package static func format(_ timeout: Duration) -> String {
    let (seconds, attoseconds) = timeout.components
    let (thousands, overflows) = seconds.multipliedReportingOverflow(by: 1000)
    let rounded = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return String(
      overflows ? self.maxMilliseconds : min(max(thousands + rounded, 1), self.maxMilliseconds)
    )
  }
}
