package import HTTPMessage
package import Telemetry

/// What a call hands down to the calls it makes: its time limit and its identity.
package struct CallScope: Sendable {
  /// When the caller stops waiting.
  package var deadline: ContinuousClock.Instant?
  /// 1...128 of `[A-Za-z0-9._-]`.
  package var requestID: String?
  /// What the calls it makes are part of, or `nil` outside of any trace.
  package var span: OpenSpan?
  /// W3C baggage, passed on as it came.
  package var baggage: String?
  /// Passed on, so that a call is as important to those behind as it is here.
  package var priority: CallPriority
  /// What the call gives back while it only waits, or `nil` where nobody counts calls.
  package var turn: CallTurn?

  package init(
    deadline: ContinuousClock.Instant? = nil,
    requestID: String? = nil,
    span: OpenSpan? = nil,
    baggage: String? = nil,
    priority: CallPriority = .standard
  ) {
    self.deadline = deadline
    self.requestID = requestID
    self.span = span
    self.baggage = baggage
    self.priority = priority
  }

  /// The scope of the call being served, or an empty one outside of any.
  @TaskLocal package static var current = CallScope()
}
