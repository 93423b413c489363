import HTTPMessage
import Synchronization

/// One call of `send`, waiting for its response.
struct Call: Sendable {
  let id: UInt64
  let request: HTTPRequest
  let continuation: CheckedContinuation<HTTPResponse, any Error>
}

/// What callers on any thread ask of the loop's thread.
final class Inbox: Sendable {
  struct Messages {
    var started: [Call] = []
    var cancelled: [UInt64] = []
    /// `nil` once the client is closed.
    var multi: MultiHandle?
    var nextID: UInt64 = 0
  }

  private let messages: Mutex<Messages>

  /// An inbox without a multi handle is closed from the start.
  init(waking multi: MultiHandle?) {
    self.messages = Mutex(Messages(multi: multi))
  }

  func nextID() -> UInt64 {
    self.messages.withLock {
      $0.nextID += 1
      return $0.nextID
    }
  }

  /// Hands a call to the loop, or fails it when the client is closed.
  func start(_ call: Call) {
    let isTaken = self.messages.withLock { messages in
      guard let multi = messages.multi else { return false }
      messages.started.append(call)
      multi.wake()
      return true
    }
    if !isTaken {
      call.continuation.resume(
        throwing: HTTPTransportError(.unreachable, "the client is closed")
      )
    }
  }

  func cancel(_ id: UInt64) {
    self.messages.withLock { messages in
      guard let multi = messages.multi else { return }
      messages.cancelled.append(id)
      multi.wake()
    }
  }

  /// Ends the loop, which fails the calls that are under way.
  func close() {
    self.messages.withLock { messages in
      messages.multi?.wake()
      messages.multi = nil
    }
  }

  /// What came since the last time.
  ///
  /// - Returns: Calls to start, ids of calls to cancel, and whether the client is closed.
  func take() -> (started: [Call], cancelled: [UInt64], isClosed: Bool) {
    self.messages.withLock { messages in
      defer {
        messages.started.removeAll()
        messages.cancelled.removeAll()
      }
      return (messages.started, messages.cancelled, messages.multi == nil)
    }
  }
}
