import HTTPMessage

/// One request of an HTTP/2 connection and the answer to it.
package final class HTTP2ServerStream {
  let id: Int32
  /// Milliseconds of the session's clock at which the request began, then its response.
  var began: Int
  var request = HTTPRequest(method: "", scheme: "", target: "")
  var headerBytes = 0
  var expectedBodyBytes: Int?
  /// The header block has ended; what fields follow are trailers.
  var hasHead = false
  /// The client has sent all there is of the request.
  var hasEnded = false
  /// The session has handed the request out, or has refused it.
  var isSettled = false
  /// A peer that still sends what was refused is told to stop.
  var isResetAfterResponse = false
  var response = OutgoingBody()
  /// Follow the response's body.
  var trailers: HeaderFields = [:]
  /// The last piece found no room for another.
  var awaitsRoom = false
  /// The request asks for the head of a response only.
  var isHead = false
  // Neighbours in the session's list of open streams.
  var previous: Unmanaged<HTTP2ServerStream>?
  var next: Unmanaged<HTTP2ServerStream>?

  /// The answer has begun.
  package internal(set) var isAnswered = false
  /// The answer has been handed over to its end.
  package internal(set) var isComplete = false
  package internal(set) var isClosed = false
  /// The work on the answer, carried here for whoever runs it.
  package var task: Task<Void, Never>?
  /// Whoever sends a streamed answer, carried here for the session's host.
  package var outlet: (any HTTP2StreamOutlet)?

  init(id: Int32, began: Int) {
    self.id = id
    self.began = began
    self.request.version = .http2
  }
}

/// What a host tells to whoever sends a streamed answer.
package protocol HTTP2StreamOutlet: AnyObject {
  /// There is room for more.
  func makeRoom()
  /// The stream is gone.
  func close()
}
