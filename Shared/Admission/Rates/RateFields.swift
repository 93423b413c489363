import HTTPMessage
import RPC

extension TokenBucket.Level {
  /// What a caller is told with every answer.
  ///
  /// Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
  func fields(_ kind: CallClass, _ policy: RatePolicy) -> HeaderFields {
    [
      "ratelimit-policy": "\"\(kind.rawValue)\";q=\(policy.calls);w=\(policy.seconds)",
      "ratelimit":
        "\"\(kind.rawValue)\";r=\(self.remaining);t=\(Int((self.untilFull / .seconds(1)).rounded(.up)))",
    ]
  }

  /// The answer to a call for which there is no token left.
  func refusal(_ caller: Caller, _ kind: CallClass, _ policy: RatePolicy) -> Refusal {
    let quota = "\(policy.calls) calls in \(policy.seconds) s"
    return Refusal(
      RPCError(
        .resourceExhausted,
        "the limit of \(quota) is used up",
        details: [
          .errorInfo(reason: "RATE_LIMITED", metadata: ["class": kind.rawValue]),
          .quota(
            subject: caller.name,
            id: kind.rawValue,
            value: policy.calls,
            description: quota
          ),
          .retryInfo(after: self.untilNext),
        ]
      ),
      fields: self.fields(kind, policy)
    )
  }
}
