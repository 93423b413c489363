import HTTPMessage

/// One request to an HTTP/2 server and the answer to it.
package final class HTTP2ClientStream {
  var id: Int32 = 0
  /// Milliseconds of the session's clock at which the request was submitted.
  let began: Int
  var request: OutgoingBody
  var response = HTTPResponse(status: 0)
  var headerBytes = 0
  /// The response's header block has ended; what fields follow are trailers.
  var hasHead = false
  /// The request has left, so the server may be at work on it.
  var isSent = false
  /// The response's body is handed over piece by piece.
  let isStreamed: Bool
  /// What to do with each event, carried here for whoever awaits the answer.
  package var observer: ((HTTP2ClientSession.Event) -> Void)?
  /// The caller has its answer, and the rest is only of use to nghttp2.
  var isFinished = false
  // Neighbours in the session's list of open streams.
  var previous: Unmanaged<HTTP2ClientStream>?
  var next: Unmanaged<HTTP2ClientStream>?

  init(_ request: HTTPRequest, began: Int) {
    self.request = OutgoingBody(request.body)
    self.isStreamed = request.wantsStream
    self.began = began
  }
}
