package import HTTPMessage
import SwiftProtobuf

/// An error response that says more than its code's status.
package struct Refusal: Error, Sendable {
  package var error: RPCError
  /// Where the status is not the code's.
  var status: Int?
  package var fields: HeaderFields = [:]
  /// Who was refused, as far as that was found out; for logs.
  package var caller = ""
  /// The type of an error that doesn't speak for itself, for operators.
  var failure: String?

  package init(_ error: RPCError, status: Int? = nil, fields: HeaderFields = [:]) {
    self.error = error
    self.status = status
    self.fields = fields
  }

  init(_ code: Code, _ message: String, reason: String) {
    self.init(RPCError(code, message, details: [.errorInfo(reason: reason)]))
  }

  /// What any error of a handler becomes.
  ///
  /// Only an `RPCError` speaks for itself: the texts of others may hold what no caller should read.
  init(_ error: any Error, deadline: ContinuousClock.Instant?) {
    switch error {
    case let refusal as Refusal: self = refusal
    case let error as RPCError: self.init(error)
    case is DeadlineExceeded: self = .deadlineExceeded
    case is CancellationError:
      // A handler's own client may see the deadline a moment before we do.
      if let deadline, deadline <= .now {
        self = .deadlineExceeded
      } else {
        self.init(.canceled, "the caller canceled the call", reason: "CANCELED")
      }
    default:
      self.init(.internal, "the server failed", reason: "INTERNAL")
      self.failure = "\(type(of: error))"
    }
  }

  static let deadlineExceeded = Refusal(
    .deadlineExceeded,
    "the call's time limit passed",
    reason: "DEADLINE_EXCEEDED"
  )

  /// A call that the end of this process cuts off may be asked elsewhere.
  static let draining = Refusal(
    RPCError(
      .unavailable,
      "the server is about to stop",
      details: [.errorInfo(reason: "DRAINING"), .retryInfo(after: .milliseconds(100))]
    )
  )

  static let unknownPath = Refusal(
    RPCError(
      .unimplemented,
      "no method or page has this path",
      details: [.errorInfo(reason: "UNKNOWN_PATH")]
    ),
    status: 404
  )

  static func wrongMethod(allowed: String) -> Refusal {
    Refusal(
      RPCError(
        .unknown,
        "the HTTP method must be one of \(allowed)",
        details: [.errorInfo(reason: "WRONG_HTTP_METHOD")]
      ),
      status: 405,
      fields: ["allow": allowed]
    )
  }

  static let bodyOfPage = Refusal(
    RPCError(
      .resourceExhausted,
      "a request for a page has no body",
      details: [.errorInfo(reason: "MESSAGE_TOO_LARGE")]
    ),
    status: 413
  )

  static let wrongCodec = Refusal(
    RPCError(
      .unknown,
      "the content type must be application/json or application/proto",
      details: [.errorInfo(reason: "WRONG_CONTENT_TYPE")]
    ),
    status: 415,
    fields: ["accept-post": "application/json, application/proto"]
  )

  /// A GET has no content type of its own to be wrong.
  static let wrongQueryCodec: Refusal = {
    var refusal = Self.wrongCodec
    refusal.error.message = "the query must say encoding=json or encoding=proto"
    return refusal
  }()

  static let wrongStreamCodec = Refusal(
    RPCError(
      .unknown,
      "the content type must be application/connect+json or application/connect+proto, or else"
        + " application/json with text/event-stream or application/x-ndjson accepted",
      details: [.errorInfo(reason: "WRONG_CONTENT_TYPE")]
    ),
    status: 415,
    fields: ["accept-post": "application/connect+json, application/connect+proto"]
  )

  static let unknownProtocolVersion = Refusal(
    .invalidArgument,
    "only version 1 of the Connect protocol is spoken here",
    reason: "UNKNOWN_PROTOCOL_VERSION"
  )

  static let malformedEnvelope = Refusal(
    .invalidArgument,
    "the body is no envelope with a message",
    reason: "INVALID_ENVELOPE"
  )

  static let wrongMessageCount = Refusal(
    .unimplemented,
    "the request must be one message, whole",
    reason: "WRONG_MESSAGE_COUNT"
  )

  static let unknownEncoding = Refusal(
    RPCError(
      .unimplemented,
      "the content encoding must be one of gzip, identity",
      details: [.errorInfo(reason: "UNKNOWN_CONTENT_ENCODING")]
    ),
    fields: ["accept-encoding": "gzip, identity"]
  )

  static func tooLarge(limit: Int) -> Refusal {
    Refusal(
      .resourceExhausted,
      "the message is larger than \(limit) bytes",
      reason: "MESSAGE_TOO_LARGE"
    )
  }

  static let tooManyMessages = Refusal(
    .resourceExhausted,
    "the body holds more than \(MessageCount.limit) messages within each other",
    reason: "TOO_MANY_MESSAGES"
  )

  /// The error as a caller with this request ID gets it.
  func completed(requestID: String) -> RPCError {
    let status = self.status ?? self.error.code.httpStatus
    return self.error.completed(requestID: status >= 500 ? requestID : nil)
  }

  /// The response to a caller with this request ID.
  func response(requestID: String) -> HTTPResponse {
    let status = self.status ?? self.error.code.httpStatus
    let error = self.completed(requestID: requestID)
    var fields = self.fields
    fields.append("content-type", "application/json")
    if let delay = error.retryDelay {
      let (seconds, attoseconds) = delay.components
      let milliseconds = delay / .milliseconds(1)
      fields.append("retry-after", String(max(attoseconds > 0 ? seconds + 1 : seconds, 1)))
      fields.append("retry-after-ms", String(Int64(milliseconds.rounded(.up))))
    }
    return HTTPResponse(status: status, fields: fields, body: ErrorBody.encode(error))
  }
}

extension RPCError {
  /// The error with `ErrorInfo` first, and with `RequestInfo` when a request ID is given.
  fileprivate func completed(requestID: String?) -> RPCError {
    var error = self
    let info = Google_Rpc_ErrorInfo.protoMessageName
    if let index = error.details.firstIndex(where: { $0.type == info }) {
      error.details.insert(error.details.remove(at: index), at: 0)
    } else {
      error.details.insert(.errorInfo(reason: error.code.name.uppercased()), at: 0)
    }
    let request = Google_Rpc_RequestInfo.protoMessageName
    if let requestID, !error.details.contains(where: { $0.type == request }) {
      error.details.append(ErrorDetail(Google_Rpc_RequestInfo.with { $0.requestID = requestID }))
    }
    return error
  }
}
