import GRPCWire
import HTTPMessage
import RPC

/// How one attempt of a call ended, for the call.
struct Attempt: Sendable {
  var result: Result<HTTPResponse, any Error>
  /// `nil` for a success.
  var code: Code?
  var pushback = Pushback()
  /// Whether the request certainly reached no handler.
  var isUnseen = false
  /// Whether another attempt would be of no use, however it ended.
  var isLast = false

  init(_ response: HTTPResponse) {
    self.result = .success(response)
    guard let error = RPCError(inEither: response) else { return }
    self.code = error.code
    self.pushback = Pushback(response, error)
  }

  init(_ error: any Error) {
    self.result = .failure(error)
    switch error {
    case let error as HTTPTransportError:
      self.isUnseen = error.isSafeToResend
      switch error.reason {
      case .unreachable, .refused, .interrupted, .protocolError: self.code = .unavailable
      case .timedOut:
        self.code = .deadlineExceeded
        self.isLast = true
      case .responseTooLarge:
        self.code = .resourceExhausted
        self.isLast = true
      }
    case is DeadlineExceeded:
      self.result = .failure(HTTPTransportError(.timedOut, "no response in time"))
      self.code = .deadlineExceeded
      self.isLast = true
    case is CancellationError:
      self.code = .canceled
      self.isLast = true
    default:
      self.code = .internal
      self.isLast = true
    }
  }

  var transportReason: HTTPTransportError.Reason? {
    guard case .failure(let error as HTTPTransportError) = self.result else { return nil }
    return error.reason
  }

  /// A call that ran out of less time than this says nothing about its endpoint.
  private static let fairTime = Duration.seconds(1)

  /// What the attempt says of its endpoint.
  func verdict(latency: Duration, deadline: ContinuousClock.Instant?) -> AttemptResult {
    // The caller's own clock may ring a moment before the deadline that it sent.
    func isOver() -> Bool { deadline.map { ContinuousClock.now + .milliseconds(2) >= $0 } ?? false }
    let kind: AttemptResult.Kind =
      switch self.result {
      case .success(let response): self.kind(of: response, latency)
      case .failure(let error as HTTPTransportError):
        switch error.reason {
        case .unreachable: .unreachable
        case .refused: .refused
        case .interrupted: .broken
        case .protocolError: .failed(.unavailable)
        case .timedOut: .failed(.deadlineExceeded)
        case .responseTooLarge: .answered
        }
      case .failure(is CancellationError) where latency >= Self.fairTime && isOver():
        .failed(.deadlineExceeded)
      case .failure: .abandoned
      }
    let isBusy = self.code == .unavailable || self.code == .resourceExhausted
    return AttemptResult(
      kind: kind,
      coolDown: isBusy ? self.pushback.delay : nil,
      latency: latency
    )
  }

  private func kind(of response: HTTPResponse, _ latency: Duration) -> AttemptResult.Kind {
    switch self.code {
    case nil: return .answered
    case .resourceExhausted?:
      // A message that is too large is so everywhere.
      let reason = RPCError(inEither: response)?.reason
      return reason == "MESSAGE_TOO_LARGE" ? .answered : .overloaded
    case .unavailable? where response.status == 429: return .overloaded
    case .deadlineExceeded?:
      return latency >= Self.fairTime ? .failed(.deadlineExceeded) : .answered
    case .unavailable?, .internal?, .unknown?, .dataLoss?:
      let isFailure = response.status >= 500 || GRPCStatus.isGRPC(response.fields)
      return isFailure ? .failed(self.code ?? .unknown) : .answered
    default: return .answered
    }
  }
}

extension RPCError {
  /// What a response says is wrong, by Connect's protocol or gRPC's; `nil` for a success.
  fileprivate init?(inEither response: HTTPResponse) {
    guard GRPCStatus.isGRPC(response.fields) else {
      guard response.status >= 400 else { return nil }
      self.init(response: response)
      return
    }
    do throws(RPCError) {
      try GRPCStatus.check(response)
      return nil
    } catch {
      self = error
    }
  }
}
