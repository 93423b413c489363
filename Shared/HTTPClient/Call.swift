import HTTP2
import HTTPMessage
import NIOCore

/// One request and the caller that waits for its answer.
final class Call: @unchecked Sendable {  // Once made, it is touched on its event loop only.
  let request: HTTPRequest
  private(set) var isCancelled = false
  private var continuation: CheckedContinuation<HTTPResponse, any Error>?
  private var stream: HTTP2ClientStream?
  private var connection: ClientConnection?
  /// What came of a streamed body, once its head has.
  private var body: IncomingBody?

  init(_ request: HTTPRequest) { self.request = request }

  func await(_ continuation: CheckedContinuation<HTTPResponse, any Error>) {
    self.continuation = continuation
  }

  /// Notes where the request went, so that it can be given up there.
  func carried(by stream: HTTP2ClientStream, on connection: ClientConnection) {
    self.stream = stream
    self.connection = connection
  }

  func observe(_ event: HTTP2ClientSession.Event) {
    switch event {
    case .head(let head): self.begin(head)
    case .body(let bytes): self.body?.append(bytes)
    case .end(let result): self.finish(result.mapError { $0 })
    }
  }

  /// Gives the caller a response whose body is still to come.
  private func begin(_ head: HTTPResponse) {
    guard let connection = self.connection, let continuation = self.continuation else { return }
    let body = IncomingBody(of: self, on: connection.eventLoop)
    var response = head
    response.stream = body.stream
    self.body = body
    self.continuation = nil
    continuation.resume(returning: response)
  }

  /// Lets the server send as many bytes as the reader has taken.
  func consumed(_ count: Int) {
    if let stream = self.stream { self.connection?.consume(count, of: stream) }
  }

  /// Ends the call, once.
  func finish(_ result: Result<HTTPResponse, any Error>) {
    self.stream = nil
    self.connection = nil
    self.body?.end(result.map(\.trailers))
    self.body = nil
    self.continuation?.resume(with: result)
    self.continuation = nil
  }

  func cancel() {
    self.isCancelled = true
    if let stream = self.stream { self.connection?.cancel(stream) }
    self.finish(.failure(CancellationError()))
  }
}
