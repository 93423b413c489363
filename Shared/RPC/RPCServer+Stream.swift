import HTTPMessage
import SwiftProtobuf

/// A registered streaming method, without its types.
struct StreamEndpoint: Sendable {
  typealias Answer = @Sendable (Payload, ServerContext, StreamedReply) async throws -> Void

  let path: String
  /// Whether calling the method may change something.
  let mayChange: Bool
  /// For calls that name no time limit; `nil` for none.
  let timeout: Duration?
  let answer: Answer
}

extension RPCServer {
  /// Answers a method with the messages that `handler` sends.
  ///
  /// The caller gets them as Connect's streams have them; one that posts plain JSON and accepts
  /// `text/event-stream` or `application/x-ndjson` gets them so.
  ///
  /// - Parameters:
  ///   - method: Its path must not be registered yet, or its handler is replaced.
  ///   - timeout: For calls that name no time limit; `nil` for none. A caller's own limit is not
  ///     cut to the limits' maximum.
  ///   - handler: The stream ends when it returns. It is cancelled when the caller hangs up and at
  ///     the deadline. An `RPCError` that it throws is for its caller to read; any other error
  ///     becomes an `internal` that says nothing of it.
  package mutating func register<Request, Response>(
    _ method: StreamMethod<Request, Response>,
    timeout: Duration? = nil,
    handler:
      @escaping @Sendable (Request, ServerContext, StreamWriter<Response>) async throws -> Void
  ) {
    let shapes = self.shapes
    let answer: StreamEndpoint.Answer = { payload, context, reply in
      let request = try await payload.decoded(Request.self, by: shapes)
      try await handler(request, context, StreamWriter(reply: reply))
    }
    self.add(
      StreamEndpoint(
        path: method.path,
        mayChange: method.idempotency != .noSideEffects,
        timeout: timeout,
        answer: answer
      ),
      of: method.service
    )
  }

  /// Answers a call of a streaming method, as soon as there is something to answer.
  func stream(
    _ endpoint: StreamEndpoint,
    _ request: HTTPRequest,
    _ fields: CallFields,
    began: ContinuousClock.Instant
  ) async -> HTTPResponse {
    let framing = StreamFraming(fields, self.limits)
    var record = CallRecord(
      method: endpoint.path,
      status: 200,
      code: nil,
      duration: .zero,
      requestID: fields.requestID,
      codec: framing?.codec,
      requestBytes: request.body.count,
      responseBytes: 0,
      httpMethod: request.method,
      httpVersion: request.version,
      trace: fields.trace,
      watch: fields.watch
    )
    let head = CallHead(endpoint, request)
    do throws(Refusal) {
      guard request.method == "POST" else { throw Refusal.wrongMethod(allowed: "POST") }
      guard let framing else { throw Refusal.wrongStreamCodec }
      let admission: HTTPAdmission
      do { admission = try self.admission(of: request, head) } catch {
        throw Refusal(error, deadline: nil)
      }
      record.caller = admission.caller
      let known = record
      let call = try await self.call(endpoint, head, fields, framing, admission, began: began)
      return await self.run(endpoint, call, framing) { status, refusal, bytes in
        self.observe(known.ended(status, refusal, bytes, began))
      }
    } catch {
      let response = error.response(to: request, framing, requestID: fields.requestID)
      if record.caller.isEmpty { record.caller = error.caller }
      self.observe(record.ended(response.status, error, response.body.count, began))
      return response
    }
  }

  /// What a handler gets.
  private struct StreamCall {
    var arrived: ArrivedCall
    var payload: Payload
    var context: ServerContext
    var scope: CallScope
  }

  private func call(
    _ endpoint: StreamEndpoint,
    _ head: CallHead,
    _ fields: CallFields,
    _ framing: StreamFraming,
    _ admission: HTTPAdmission,
    began: ContinuousClock.Instant
  ) async throws(Refusal) -> StreamCall {
    let request = head.request
    guard fields.protocolVersion == nil || fields.protocolVersion == "1" else {
      throw .unknownProtocolVersion
    }
    let limit = self.limits.maxMessageBytes
    let payload =
      framing.form == .envelopes
      ? try await Payload(enveloped: request, framing.codec, fields, limit: limit)
      : try await Payload(posted: request, framing.codec, fields, limit: limit)
    var timeout = endpoint.timeout
    if let value = fields.timeout {
      do throws(RPCError) { timeout = try Timeout.parse(value) } catch { throw Refusal(error) }
    }
    guard timeout.map({ $0 > .zero }) ?? true else { throw .deadlineExceeded }
    let deadline = timeout.map { began + $0 }
    let told = ResponseFields()
    told.replace(admission.fields)
    let context = ServerContext(
      requestID: fields.requestID,
      deadline: deadline ?? began + .milliseconds(Timeout.maxMilliseconds),
      fields: request.fields,
      responseFields: told,
      responseTrailers: ResponseFields(),
      charge: nil
    )
    return StreamCall(
      // Of no use to the handler: streams keep their places.
      arrived: ArrivedCall(head, payload, context, admission, CallTurn()),
      payload: payload,
      context: context,
      scope: CallScope(
        deadline: deadline,
        requestID: fields.requestID,
        span: fields.watch?.span,
        baggage: fields.baggage,
        priority: admission.priority
      )
    )
  }

  private func run(
    _ endpoint: StreamEndpoint,
    _ call: StreamCall,
    _ framing: StreamFraming,
    _ observe: @escaping @Sendable (Int, Refusal?, Int) -> Void
  ) async -> HTTPResponse {
    let (context, deadline) = (call.context, call.scope.deadline)
    let reply = StreamedReply(
      framing,
      trailers: context.responseTrailers,
      explain: { self.refusal(of: $0, deadline: deadline) },
      complete: { $0.completed(requestID: context.requestID) },
      observe: { outcome in
        // Observed with its response otherwise.
        if !outcome.isRefused { observe(200, outcome.refusal, outcome.bytes) }
      }
    )
    reply.run(until: deadline) {
      try await CallScope.$current.withValue(call.scope) {
        try await self.entered(call.arrived) {
          try await endpoint.answer(call.payload, context, reply)
        }
      }
    }
    if let heartbeat = framing.heartbeat {
      Heartbeat(of: reply, heartbeat, every: self.limits.heartbeatInterval).start()
    }
    await reply.open()
    var response = HTTPResponse(status: 200, fields: framing.fields)
    if let (outcome, body) = reply.whole {
      response.body = body
      if outcome.isRefused, let refusal = outcome.refusal {
        response = refusal.response(requestID: context.requestID)
        observe(response.status, refusal, response.body.count)
      }
    } else {
      response.stream = reply.body
    }
    if call.payload.isStrict {
      response.fields.append("preference-applied", "handling=strict")
    }
    for field in context.responseFields.current.fields {
      response.fields.append(field.name, field.value)
    }
    return response
  }
}

extension CallRecord {
  /// The record of a call that has ended now.
  fileprivate func ended(
    _ status: Int,
    _ refusal: Refusal?,
    _ bytes: Int,
    _ began: ContinuousClock.Instant
  ) -> CallRecord {
    var record = self
    record.status = status
    record.code = refusal?.error.code
    record.failure = refusal?.failure
    record.responseBytes = bytes
    record.duration = .now - began
    return record
  }
}

extension StreamFraming {
  fileprivate init?(_ fields: CallFields, _ limits: RPCLimits) {
    self.init(fields)
    if fields.acceptsStreamGzip { self.compressAboveBytes = limits.compressAboveBytes }
  }
}
