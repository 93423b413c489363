import GRPCWire
import HTTPMessage
import RPC
import Synchronization

/// One call with all its attempts.
final class ChannelCall: Sendable {
  private struct State {
    var tried: [Int] = []
    var wasResent = false
  }

  let request: HTTPRequest
  let method: MethodState
  let began: ContinuousClock.Instant
  /// When the caller stops waiting; `nil` for never.
  let deadline: ContinuousClock.Instant?
  /// Whether the request's own time limit is longer than what is left.
  let isShortened: Bool
  private let state = Mutex(State())

  init(_ request: HTTPRequest, _ method: MethodState) {
    self.request = request
    self.method = method
    let began = ContinuousClock.now
    self.began = began
    let own = request.timeLimit
    let limit = method.config.timeout
    self.isShortened = limit.map { limit in own.map { limit < $0 } ?? true } ?? false
    self.deadline = (self.isShortened ? limit : own).map { began + $0 }
  }

  var left: Duration? { self.deadline.map { $0 - .now } }

  /// What sending the request twice does, given what it says of itself.
  var idempotency: Idempotency {
    if self.method.idempotency == .unknown, self.request.fields["idempotency-key"] != nil {
      return .idempotent
    }
    return self.method.idempotency
  }

  /// Endpoints that attempts went to, in order.
  var tried: [Int] { self.state.withLock { $0.tried } }

  func noteTried(_ id: Int) { self.state.withLock { $0.tried.append(id) } }

  /// Whether the call may be sent again because its connection was closing: once.
  func claimResend() -> Bool {
    self.state.withLock { state in
      defer { state.wasResent = true }
      return !state.wasResent
    }
  }

  /// The request of an attempt after `previous` others.
  func request(to pick: Fleet.Pick, previous: Int) -> HTTPRequest {
    var request = self.request
    request.scheme = pick.scheme
    request.authority = pick.authority
    if previous > 0 { request.fields["grpc-previous-rpc-attempts"] = String(previous) }
    if let left = self.left, self.isShortened || previous > 0 || self.hasWaited(left) {
      request.timeLimit = left
    }
    return request
  }

  /// Whether more than a millisecond is gone since the caller wrote the time limit.
  private func hasWaited(_ left: Duration) -> Bool {
    guard let deadline = self.deadline else { return false }
    return deadline - self.began - left > .milliseconds(1)
  }
}

extension HTTPRequest {
  /// How long the caller waits, in the field of the protocol that the call speaks.
  fileprivate var timeLimit: Duration? {
    get {
      if GRPCStatus.isGRPC(self.fields) {
        return self.fields["grpc-timeout"].flatMap(GRPCTimeout.parse)
      }
      return self.fields["connect-timeout-ms"].flatMap { try? Timeout.parse($0) }
    }
    set {
      if GRPCStatus.isGRPC(self.fields) {
        self.fields["grpc-timeout"] = newValue.map(GRPCTimeout.format)
      } else {
        self.fields["connect-timeout-ms"] = newValue.map(Timeout.format)
      }
    }
  }
}
