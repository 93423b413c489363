package import HTTPMessage
package import RPC
package import SwiftProtobuf

/// Calls the unary methods of one gRPC server.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
package struct GRPCClient: Sendable {
  private let scheme: String
  private let send: HTTPHandler
  private let metadata: HeaderFields
  private let maxMessageBytes: Int

  /// - Parameters:
  ///   - scheme: "http" or "https".
  ///   - send: A client that speaks HTTP/2 and keeps trailers.
  ///   - metadata: Sent with every call, such as `authorization`.
  ///   - maxMessageBytes: Of a request and of a response, without the prefix.
  package init(
    scheme: String = "http",
    send: @escaping HTTPHandler,
    metadata: HeaderFields = [:],
    maxMessageBytes: Int = 64 << 20
  ) {
    self.scheme = scheme
    self.send = send
    self.metadata = metadata
    self.maxMessageBytes = maxMessageBytes
  }

  /// Calls a method once.
  ///
  /// - Parameters:
  ///   - path: As in "/package.Service/Method".
  ///   - request: Its message.
  ///   - deadline: When to give up; the server is told.
  /// - Returns: The message of the response.
  /// - Throws: The server's status as an error, or one of this side's: `unavailable` where there is
  ///   no connection, `deadline_exceeded`, `canceled` when the task was cancelled,
  ///   `resource_exhausted` for a message beyond the limit, `internal` for an answer that is none.
  package func call<Request: Message, Response: Message>(
    _ path: String,
    _ request: Request,
    deadline: ContinuousClock.Instant
  ) async throws(RPCError) -> Response {
    let remaining = deadline - .now
    guard remaining > .zero else { throw Self.late }
    var message = HTTPRequest(method: "POST", scheme: self.scheme, target: path)
    message.fields = [
      "content-type": "application/grpc", "te": "trailers",
      "grpc-timeout": GRPCTimeout.format(remaining),
    ]
    for field in self.metadata.fields { message.fields.append(field.name, field.value) }
    message.body = try GRPCFrame.encode(request, limit: self.maxMessageBytes)
    let response = try await self.exchange(message, deadline)
    try GRPCStatus.check(response)
    return try GRPCFrame.decode(response.body, limit: self.maxMessageBytes)
  }

  private func exchange(
    _ message: HTTPRequest,
    _ deadline: ContinuousClock.Instant
  ) async throws(RPCError) -> HTTPResponse {
    do {
      let send = self.send
      return try await withDeadline(deadline) { try await send(message) }
    } catch {
      switch error {
      case is DeadlineExceeded: throw Self.late
      case is CancellationError: throw RPCError(.canceled, "the call was canceled")
      case let error as HTTPTransportError: throw RPCError(error)
      default: throw RPCError(.internal, "the server could not be called")
      }
    }
  }

  private static let late = RPCError(
    .deadlineExceeded,
    "the server did not answer in time",
    details: [.errorInfo(reason: "DEADLINE_EXCEEDED")]
  )
}

extension RPCError {
  /// What a failure of the transport means for a call.
  fileprivate init(_ error: HTTPTransportError) {
    func failure(_ code: Code, _ message: String, _ reason: String) -> RPCError {
      RPCError(code, message, details: [.errorInfo(reason: reason)])
    }
    self =
      switch error.reason {
      case .unreachable: failure(.unavailable, "the server is unreachable", "UNREACHABLE")
      case .refused: failure(.unavailable, "the server refused the request", "REFUSED")
      case .interrupted: failure(.unavailable, "the server ended the connection", "INTERRUPTED")
      case .timedOut: failure(.deadlineExceeded, "the server did not answer in time", "TIMED_OUT")
      case .responseTooLarge:
        failure(.resourceExhausted, "the answer is too large", "RESPONSE_TOO_LARGE")
      // Says what is wrong with a certificate too.
      case .protocolError: failure(.unavailable, error.description, "PROTOCOL_ERROR")
      }
  }
}
