package import HTTPMessage
import SwiftProtobuf
import Telemetry

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
  private let metrics = ClientMetrics()
  let codec: Codec
  let wire: ClientWire
  let maxResponseBytes: Int
  private let defaultTimeout: Duration
  /// What the error of a call with one answer becomes for who called; metrics and spans have the
  /// code that came.
  package var translate: @Sendable (RPCError) -> RPCError = { $0 }

  /// Left of the caller's time for its own answer.
  private static let margin = Duration.milliseconds(5)

  /// A client of the server behind a URL, which is not contacted before the first call.
  ///
  /// - Parameters:
  ///   - baseURL: As in "http://127.0.0.1:8081" or "https://example.com/prefix".
  ///   - send: A client, or a server's handler in the same process.
  ///   - codec: How messages are written, both ways.
  ///   - wire: How calls are sent where the protocol leaves the choice.
  ///   - maxResponseBytes: Of a message after decompression, and of its body before.
  ///   - defaultTimeout: For calls that name no time limit.
  /// - Throws: `InvalidURL` unless `baseURL` is an http or https URL without query and fragment.
  package init(
    baseURL: String,
    send: @escaping HTTPHandler,
    codec: Codec = .proto,
    wire: ClientWire = ClientWire(),
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
    self.wire = wire
    self.maxResponseBytes = maxResponseBytes
    self.defaultTimeout = defaultTimeout
  }

  /// Calls a method.
  ///
  /// The call takes over what remains of the time of the call being served, its request ID and its
  /// trace context. It is sent once: whether to send it again is for a channel to decide.
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
    try await self.watched(method.path) { trace throws(RPCError) in
      let response = try await self.response(to: request, method, timeout, fields, trace)
      return try await self.read(response)
    }
  }

  /// Calls a method, and returns what stands around the message of the response with it.
  ///
  /// All else is as for `call`.
  package func callWithMetadata<Request, Response>(
    _ method: Method<Request, Response>,
    _ request: Request,
    timeout: Duration? = nil,
    fields: HeaderFields = [:]
  ) async throws(RPCError) -> CallReply<Response> {
    try await self.watched(method.path) { trace throws(RPCError) in
      let response = try await self.response(to: request, method, timeout, fields, trace)
      let message: Response = try await self.read(response)
      let (headers, trailers) = response.fields.splitTrailers
      return CallReply(message: message, fields: headers, trailers: trailers)
    }
  }

  /// Measures a call, and gives it its place in the trace of the call being served.
  func watched<Value: Sendable>(
    _ path: String,
    _ body: (TraceContext?) async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    let span = CallScope.current.span?.calling(String(path.dropFirst()))
    let began = ContinuousClock.now
    do throws(RPCError) {
      let value = try await body(span?.context)
      self.finish(path, span, after: .now - began, nil)
      return value
    } catch {
      self.finish(path, span, after: .now - began, error.code)
      throw self.translate(error)
    }
  }

  /// Measures a call that may go on when `body` has returned what it gives.
  ///
  /// - Parameters:
  ///   - path: Of the method.
  ///   - body: Tells how the call ended by what it is given, unless it throws.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  func watched<Value: Sendable>(
    whileOpen path: String,
    _ body: (TraceContext?, @escaping @Sendable (Code?) -> Void) async throws(RPCError) -> Value
  ) async throws(RPCError) -> Value {
    let span = CallScope.current.span?.calling(String(path.dropFirst()))
    let began = ContinuousClock.now
    do throws(RPCError) {
      return try await body(span?.context) { code in
        self.finish(path, span, after: .now - began, code)
      }
    } catch {
      self.finish(path, span, after: .now - began, error.code)
      throw error
    }
  }

  private func finish(_ path: String, _ span: OpenSpan?, after duration: Duration, _ code: Code?) {
    self.metrics.finished(path, after: duration, code)
    span?.end(
      after: duration,
      failure: code?.name,
      [
        .text("rpc.system.name", "connectrpc"),
        .text("rpc.method", String(path.dropFirst())),
        .text("rpc.status_code", code?.name ?? "ok"),
        .text("server.address", self.authority),
      ]
    )
  }

  private func response<Request, Response>(
    to request: Request,
    _ method: Method<Request, Response>,
    _ timeout: Duration?,
    _ fields: HeaderFields,
    _ trace: TraceContext?
  ) async throws(RPCError) -> HTTPResponse {
    let scope = CallScope.current
    let message = try await self.message(of: request, method, fields, scope, trace)
    do {
      return try await self.exchange(message, self.deadline(timeout ?? self.defaultTimeout, scope))
    } catch {
      throw self.error(of: error, calling: method.service)
    }
  }

  /// When the caller of this call stops waiting for what it calls.
  func deadline(_ timeout: Duration?, _ scope: CallScope) -> ContinuousClock.Instant? {
    let own = timeout.map { ContinuousClock.now + $0 }
    guard let end = scope.deadline.map({ $0 - Self.margin }) else { return own }
    return own.map { min($0, end) } ?? end
  }

  /// A request without its body.
  func request(
    _ path: String,
    _ own: HeaderFields,
    _ fields: HeaderFields,
    _ scope: CallScope,
    _ trace: TraceContext?
  ) -> HTTPRequest {
    var request = HTTPRequest(
      method: "POST",
      scheme: self.scheme,
      authority: self.authority,
      target: self.prefix + path,
      fields: own
    )
    for field in fields.fields { request.fields.append(field.name, field.value) }
    request.fields["x-request-id"] = scope.requestID ?? RequestID.make()
    if scope.priority != .standard { request.fields["x-priority"] = scope.priority.rawValue }
    if let trace {
      request.fields["traceparent"] = trace.traceparent
      request.fields["tracestate"] = trace.state
    }
    if let baggage = scope.baggage { request.fields["baggage"] = baggage }
    return request
  }

  func encode(_ message: some Message) throws(RPCError) -> [UInt8] {
    do { return try self.codec.encode(message) } catch {
      throw RPCError(
        .internal,
        "the request could not be written",
        details: [.errorInfo(reason: "INVALID_REQUEST")]
      )
    }
  }

  /// A large message compressed, or `nil` where it is to be left as it is.
  func compressed(_ body: [UInt8]) async -> [UInt8]? {
    guard let most = self.wire.compressAboveBytes, body.count > most else { return nil }
    return await computing(body.count) { Gzip.compress(body) }
  }

  func exchange(
    _ message: HTTPRequest,
    _ deadline: ContinuousClock.Instant?
  ) async throws -> HTTPResponse {
    guard let deadline else { return try await self.send(message) }
    let remaining = deadline - .now
    guard remaining > .zero else { throw DeadlineExceeded() }
    var message = message
    message.fields.append("connect-timeout-ms", Timeout.format(remaining))
    let (request, send) = (message, self.send)
    return try await withDeadline(deadline) { try await send(request) }
  }

  func error(of error: any Error, calling service: String) -> RPCError {
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
