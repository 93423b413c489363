import RPC

/// Why a call is not taken on.
struct Overload: Error, Sendable, Hashable {
  enum Reason: String, Sendable, Hashable {
    /// As many calls run and wait as may.
    case limit = "OVERLOADED"
    /// It could not be answered in the time it has left.
    case deadline = "DEADLINE_UNREACHABLE"
  }

  let reason: Reason
  /// When there may be room again: 0.1...5 s.
  let retryAfter: Duration

  /// - Parameters:
  ///   - reason: Why.
  ///   - wait: Seconds until the calls that wait now are served.
  init(_ reason: Reason, wait: Double) {
    self.reason = reason
    // In steps, so that most refusals are the same one.
    self.retryAfter = .milliseconds(min(max(Int((wait * 10).rounded(.up)), 1), 50) * 100)
  }

  func refusal(_ kind: CallClass) -> Refusal {
    let message =
      switch self.reason {
      case .limit: "the server has more calls than it can answer"
      case .deadline: "the server can't answer in the time that the call has left"
      }
    return Refusal(
      RPCError(
        .unavailable,
        message,
        details: [
          .errorInfo(reason: self.reason.rawValue, metadata: ["class": kind.rawValue]),
          .retryInfo(after: self.retryAfter),
        ]
      )
    )
  }
}
