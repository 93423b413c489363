package import HTTPMessage
import SwiftProtobuf

/// Calls the methods of one server.
package struct RPCClient: Sendable {
  /// Why a text is no base URL.
  package struct InvalidURL: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
  }

  private let scheme: String
  private let authority: String
  /// Before each method's path: empty, or as in "/api".
  private let prefix: String
  private let send: HTTPHandler
  let codec: Codec
  let maxResponseBytes: Int
  private let defaultTimeout: Duration

  /// Left of the caller's time for its own answer.
  private static let margin = Duration.milliseconds(5)
  /// Larger requests are compressed.
  private static let compressAboveBytes = 8 * 1024

  /// A client of the server behind a URL, which is not contacted before the first call.
  ///
  /// - Parameters:
  ///   - baseURL: As in "http://127.0.0.1:8081" or "https://example.com/prefix".
  ///   - send: A client, or a server's handler in the same process.
  ///   - codec: How messages are written, both ways.
  ///   - maxResponseBytes: Of a message after decompression, and of its body before.
  ///   - defaultTimeout: For calls that name no time limit.
  /// - Throws: `InvalidURL` unless `baseURL` is an http or https URL without query and fragment.
  package init(
    baseURL: String,
    send: @escaping HTTPHandler,
    codec: Codec = .proto,
    maxResponseBytes: Int = 32 * 1024 * 1024,
    defaultTimeout: Duration = .seconds(15)
  ) throws(InvalidURL) {
    let invalid = InvalidURL(description: "a base URL must look like http://host:port[/prefix]")
    guard let colon = baseURL.firstRange(of: "://") else { throw invalid }
    let rest = baseURL[colon.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    var prefix = rest[authority.endIndex...]
    while prefix.hasSuffix("/") { prefix.removeLast() }
    self.scheme = baseURL[..<colon.lowerBound].lowercased()
    let isPlain = baseURL.utf8.allSatisfy {
      $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
    }
    guard ["http", "https"].contains(self.scheme), isPlain, !authority.isEmpty,
      !authority.contains("@")
    else { throw invalid }
    self.authority = String(authority)
    self.prefix = String(prefix)
    self.send = send
    self.codec = codec
    self.maxResponseBytes = maxResponseBytes
    self.defaultTimeout = defaultTimeout
  }

  /// Calls a method.
  ///
  /// The call takes over what remains of the time of the call being served, its request ID and its
  /// trace context. A request that certainly reached no handler is sent once more, and so is one
  /// of unknown fate when doing it twice does no harm.
  ///
  /// - Parameters:
  ///   - method: One that the server has registered.
  ///   - request: Its message.
  ///   - timeout: The default of the client when `nil`; less when less remains.
  ///   - fields: Sent with the request.
  /// - Returns: The message of the response.
  /// - Throws: The server's error, with its details, or one of this side's: `unavailable` when
  ///   there is no connection, `deadline_exceeded`, `canceled` when the task was cancelled.
  package func call<Request, Response>(
    _ method: Method<Request, Response>,
    _ request: Request,
    timeout: Duration? = nil,
    fields: HeaderFields = [:]
  ) async throws(RPCError) -> Response {
    let scope = CallScope.current
    var deadline = ContinuousClock.now + (timeout ?? self.defaultTimeout)
    if let end = scope.deadline { deadline = min(deadline, end - Self.margin) }
    var message = try await self.message(method.path, request)
    for field in fields.fields { message.fields.append(field.name, field.value) }
    message.fields["x-request-id"] = scope.requestID ?? RequestID.make()
    if let traceparent = scope.traceparent { message.fields["traceparent"] = traceparent }
    let response: HTTPResponse
    do {
      response = try await self.exchange(
        message,
        deadline,
        isHarmlessTwice: method.idempotency != .unknown
      )
    } catch {
      throw self.error(of: error, calling: method.service)
    }
    return try await self.read(response)
  }

  private func message(
    _ path: String,
    _ request: some Message
  ) async throws(RPCError) -> HTTPRequest {
    var message = HTTPRequest(
      method: "POST",
      scheme: self.scheme,
      authority: self.authority,
      target: self.prefix + path,
      fields: [
        "content-type": self.codec.contentType,
        "connect-protocol-version": "1",
        "accept-encoding": "gzip",
      ]
    )
    do { message.body = try self.codec.encode(request) } catch {
      throw RPCError(
        .internal,
        "the request could not be written",
        details: [.errorInfo(reason: "INVALID_REQUEST")]
      )
    }
    let body = message.body
    if body.count > Self.compressAboveBytes {
      let compressed = await computing(body.count) { Gzip.compress(body) }
      if let compressed, compressed.count < body.count {
        message.body = compressed
        message.fields.append("content-encoding", "gzip")
      }
    }
    return message
  }

  private func exchange(
    _ message: HTTPRequest,
    _ deadline: ContinuousClock.Instant,
    isHarmlessTwice: Bool
  ) async throws -> HTTPResponse {
    do {
      return try await self.exchangeOnce(message, deadline)
    } catch let error as HTTPTransportError
      where error.isSafeToResend || isHarmlessTwice && error.reason == .interrupted
    {
      return try await self.exchangeOnce(message, deadline)
    }
  }

  private func exchangeOnce(
    _ message: HTTPRequest,
    _ deadline: ContinuousClock.Instant
  ) async throws -> HTTPResponse {
    let remaining = deadline - .now
    guard remaining > .zero else { throw DeadlineExceeded() }
    var message = message
    message.fields.append("connect-timeout-ms", Timeout.format(remaining))
    let (request, send) = (message, self.send)
    return try await withDeadline(deadline) { try await send(request) }
  }

  private func error(of error: any Error, calling service: String) -> RPCError {
    func failure(_ code: Code, _ message: String, _ reason: String) -> RPCError {
      RPCError(
        code,
        "\(service) \(message)",
        details: [.errorInfo(reason: reason, metadata: ["service": service])]
      )
    }
    switch error {
    case is DeadlineExceeded:
      return failure(.deadlineExceeded, "did not answer in time", "DEADLINE_EXCEEDED")
    case is CancellationError: return failure(.canceled, "was no longer asked", "CANCELED")
    case let error as HTTPTransportError:
      switch error.reason {
      case .unreachable: return failure(.unavailable, "is unreachable", "UNREACHABLE")
      case .refused: return failure(.unavailable, "refused the request", "REFUSED")
      case .interrupted: return failure(.unavailable, "ended the connection", "INTERRUPTED")
      case .timedOut: return failure(.deadlineExceeded, "did not answer in time", "TIMED_OUT")
      case .responseTooLarge:
        return failure(.resourceExhausted, "answered with too much", "RESPONSE_TOO_LARGE")
      case .protocolError:
        return failure(
          .unavailable,
          "broke the protocol or could not agree on TLS",
          "PROTOCOL_ERROR"
        )
      }
    default: return failure(.internal, "could not be called", "INTERNAL")
    }
  }
}
