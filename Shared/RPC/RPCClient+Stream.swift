package import HTTPMessage
import SwiftProtobuf
import Telemetry

extension RPCClient {
  /// Calls a streaming method and returns its messages as they come.
  ///
  /// It returns once the server has begun to answer. What a call takes over from the call being
  /// served, and when it is sent once more, is as for a unary call: nothing is sent again after the
  /// answer has begun.
  ///
  /// - Parameters:
  ///   - method: One that the server has registered.
  ///   - request: Its message.
  ///   - timeout: For the whole stream; `nil` for none but what remains of the time of the call
  ///     being served.
  ///   - fields: Sent with the request.
  /// - Returns: The messages, which end with the server's error where it has one.
  /// - Throws: As a unary call does, where there is no stream.
  package func stream<Request, Response>(
    _ method: StreamMethod<Request, Response>,
    _ request: Request,
    timeout: Duration? = nil,
    fields: HeaderFields = [:]
  ) async throws(RPCError) -> MessageStream<Response> {
    try await self.watched(whileOpen: method.path) { trace, finish throws(RPCError) in
      try await self.open(method, request, timeout, fields, trace, finish)
    }
  }

  /// Begins a stream; `finish` is called when it has ended, where there is one.
  private func open<Request, Response>(
    _ method: StreamMethod<Request, Response>,
    _ request: Request,
    _ timeout: Duration?,
    _ fields: HeaderFields,
    _ trace: TraceContext?,
    _ finish: @escaping @Sendable (Code?) -> Void
  ) async throws(RPCError) -> MessageStream<Response> {
    let scope = CallScope.current
    let end = self.deadline(timeout, scope)
    let service = method.service
    let message = try await self.message(enveloping: request, method.path, fields, scope, trace)
    let response: HTTPResponse
    do {
      response = try await self.exchange(message, end)
    } catch {
      throw self.error(of: error, calling: service)
    }
    let body = try self.body(of: response)
    guard let body else { throw await self.refusal(response, end, calling: service) }
    let encoding = response.fields["connect-content-encoding"]?.lowercased() ?? "identity"
    guard ["identity", "gzip"].contains(encoding) else {
      throw .malformedStream("the response has an unknown encoding", "UNKNOWN_CONTENT_ENCODING")
    }
    let reader = StreamReader<Response>(
      body,
      self.codec,
      limit: self.maxResponseBytes,
      mayInflate: encoding == "gzip",
      hasDeadline: end != nil,
      explain: { self.error(of: $0, calling: service) },
      finish: finish
    )
    if let end { DeadlineQueue.shared.add(reader, deadline: end) }
    return MessageStream(fields: response.fields, reader)
  }

  private func message(
    enveloping request: some Message,
    _ path: String,
    _ fields: HeaderFields,
    _ scope: CallScope,
    _ trace: TraceContext?
  ) async throws(RPCError) -> HTTPRequest {
    var message = self.request(
      path,
      [
        "content-type": self.codec.streamContentType,
        "connect-protocol-version": "1",
        "connect-accept-encoding": self.wire.acceptedEncoding,
      ],
      fields,
      scope,
      trace
    )
    message.wantsStream = true
    var envelope = Envelope(flags: 0, payload: try self.encode(request))
    if let compressed = await self.compressed(envelope.payload) {
      envelope = Envelope(flags: Envelope.compressed, payload: compressed)
      message.fields.append("connect-content-encoding", "gzip")
    }
    message.body = envelope.bytes
    return message
  }

  /// The body of a stream, or `nil` when the response is an error of its own.
  private func body(of response: HTTPResponse) throws(RPCError) -> HTTPBodyStream? {
    guard response.status == 200 else { return nil }
    let type = response.fields["content-type"] ?? ""
    guard Codec(streamContentType: type) == self.codec else {
      throw RPCError(
        type.hasPrefix("application/connect+") ? .internal : .unknown,
        "the response is not \(self.codec.streamContentType)",
        details: [.errorInfo(reason: "WRONG_CONTENT_TYPE")]
      )
    }
    return response.stream ?? HTTPBodyStream(whole: response.body)
  }

  private func refusal(
    _ response: HTTPResponse,
    _ end: ContinuousClock.Instant?,
    calling service: String
  ) async -> RPCError {
    let limit = self.maxResponseBytes
    do {
      let whole =
        if let end {
          try await withDeadline(end) { try await response.collected(limit: limit) }
        } else {
          try await response.collected(limit: limit)
        }
      return await self.error(of: whole)
    } catch {
      return self.error(of: error, calling: service)
    }
  }
}

extension HTTPBodyStream {
  /// A body that has come already.
  fileprivate convenience init(whole body: [UInt8]) {
    let rest = KeptBody(body)
    self.init(next: { rest.take() }, cancel: { _ = rest.take() })
  }
}
