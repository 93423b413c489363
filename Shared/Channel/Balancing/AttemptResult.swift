import RPC

/// How an attempt ended, as far as its endpoint is concerned.
struct AttemptResult: Sendable {
  enum Kind: Sendable, Hashable {
    /// The endpoint did its work, whatever the caller was told.
    case answered
    /// The endpoint failed.
    case failed(Code)
    /// The connection ended or fell silent meanwhile: the endpoint may be gone.
    case broken
    /// The endpoint has too much to do, which is no fault of its.
    case overloaded
    /// No connection could be made.
    case unreachable
    /// The connection was about to end, which says nothing.
    case refused
    /// The caller gave up before there was an answer.
    case abandoned
  }

  var kind: Kind
  /// How long the endpoint asks to be left alone.
  var coolDown: Duration?
  /// From the attempt's start to its end.
  var latency: Duration
}
