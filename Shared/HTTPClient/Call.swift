import HTTP2
import HTTPMessage

/// One request and the caller that waits for its answer.
final class Call: @unchecked Sendable {  // Once made, it is touched on its event loop only.
  let request: HTTPRequest
  private(set) var isCancelled = false
  private var continuation: CheckedContinuation<HTTPResponse, any Error>?
  private var stream: HTTP2ClientStream?
  private var connection: ClientConnection?

  init(_ request: HTTPRequest) { self.request = request }

  func await(_ continuation: CheckedContinuation<HTTPResponse, any Error>) {
    self.continuation = continuation
  }

  /// Notes where the request went, so that it can be given up there.
  func carried(by stream: HTTP2ClientStream, on connection: ClientConnection) {
    self.stream = stream
    self.connection = connection
  }

  /// Ends the call, once.
  func finish(_ result: Result<HTTPResponse, any Error>) {
    self.stream = nil
    self.connection = nil
    self.continuation?.resume(with: result)
    self.continuation = nil
  }

  func cancel() {
    self.isCancelled = true
    if let stream = self.stream { self.connection?.cancel(stream) }
    self.finish(.failure(CancellationError()))
  }
}
