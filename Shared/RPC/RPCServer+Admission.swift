package import HTTPMessage

extension RPCServer {
  /// Asks about a request whose header is there and whose body is not, for a transport to call.
  ///
  /// - Parameter request: Learns who calls, so that it is not asked about again.
  /// - Returns: The answer to a call that is not to be served, or `nil` for one that is.
  package func admit(_ request: inout HTTPRequest) -> HTTPResponse? {
    let target = self.target(of: request)
    if let refusal = Refusal(of: request, to: target) {
      var path = MethodMetrics.other
      if case .page(let page) = target { path = page.path }
      return self.response(refusing: refusal, request, path)
    }
    guard let hooks = self.hooks, let head = CallHead(target, request) else { return nil }
    do {
      request.admission = try hooks.admit(head)
      return nil
    } catch {
      return self.response(refusing: error, request, head.path)
    }
  }

  private func response(
    refusing error: any Error,
    _ request: HTTPRequest,
    _ path: String
  ) -> HTTPResponse {
    let began = ContinuousClock.now
    let fields = CallFields(request.fields)
    let target = self.target(of: request)
    let refusal = Refusal(error, deadline: nil)
    var framing: StreamFraming?
    if case .stream = target { framing = StreamFraming(fields) }
    var response = refusal.response(to: request, framing, requestID: fields.requestID)
    response.fields.append("x-request-id", fields.requestID)
    self.observe(
      CallRecord(
        method: path,
        status: response.status,
        code: refusal.error.code,
        failure: refusal.failure,
        duration: .now - began,
        requestID: fields.requestID,
        codec: framing?.codec,
        requestBytes: 0,
        responseBytes: response.body.count,
        httpMethod: request.method,
        httpVersion: request.version,
        caller: refusal.caller,
        trace: fields.trace,
        watch: CallWatch(of: target, on: self, fields.trace)
      )
    )
    return response
  }

  /// What the transport found out about a call, or what is found out now where it did not ask.
  func admission(of request: HTTPRequest, _ head: CallHead) throws -> HTTPAdmission {
    if let known = request.admission { return known }
    return try self.hooks?.admit(head) ?? HTTPAdmission()
  }

  /// Runs a method's handler when its turn has come.
  nonisolated(nonsending) func answer(
    _ endpoint: Endpoint,
    _ head: CallHead,
    _ payload: Payload,
    _ context: ServerContext,
    _ admitted: HTTPAdmission,
    _ turn: CallTurn?
  ) async throws -> [UInt8] {
    guard let hooks = self.hooks, let turn else {
      return try await endpoint.answer(payload, context)
    }
    let call = ArrivedCall(head, payload, context, admitted, turn)
    let (body, isReplay) = try await hooks.once(call) {
      try await self.entered(call) { try await endpoint.answer(payload, context) }
    }
    if isReplay { context.responseFields.append("idempotency-replayed", "true") }
    return body
  }

  /// Waits for a call's turn, runs `work` and tells how it ended.
  nonisolated(nonsending) func entered<Value: Sendable>(
    _ call: ArrivedCall,
    _ work: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    guard let counter = try await self.hooks?.enter(call) else { return try await work() }
    call.turn.begin(counter)
    do {
      let value = try await work()
      call.turn.end(.answered)
      return value
    } catch {
      call.turn.end(call.deadline <= .now ? .timedOut : .failed)
      throw error
    }
  }

  /// What counts a call as so many more, and keeps in `charged` what its caller is to be told then;
  /// `nil` where nobody counts.
  func charging(_ head: CallHead, _ charged: ResponseFields?) -> (@Sendable (Int) -> Void)? {
    guard let charged, let hooks = self.hooks else { return nil }
    return { more in charged.replace(hooks.charge(head, more)) }
  }

  /// Whether who sent a request may see what is for operators.
  func mayInspect(_ request: HTTPRequest) -> Bool {
    do {
      try self.hooks?.inspect(request)
      return true
    } catch {
      return false
    }
  }

  /// What an error becomes; a call that the end of this process cuts off may be asked elsewhere.
  func refusal(of error: any Error, deadline: ContinuousClock.Instant?) -> Refusal {
    let refusal = Refusal(error, deadline: deadline)
    // Nobody but a server that ends cancels the calls of those who still wait.
    return error is CancellationError && self.health.isDraining ? .draining : refusal
  }
}

extension ArrivedCall {
  init(
    _ head: CallHead,
    _ payload: Payload,
    _ context: ServerContext,
    _ admission: HTTPAdmission,
    _ turn: CallTurn
  ) {
    self.init(
      head: head,
      admission: admission,
      deadline: context.deadline,
      codec: payload.codec,
      message: payload.bytes,
      turn: turn
    )
  }
}

extension Refusal {
  /// Of what is not served whatever its body is, so that nobody has to hold that.
  fileprivate init?(of request: HTTPRequest, to target: Target?) {
    switch target {
    case nil: self = .unknownPath
    case .page where request.method != "GET" && request.method != "HEAD":
      self = .wrongMethod(allowed: "GET, HEAD")
    case .page
    where request.fields["content-length"].map { $0 != "0" } ?? false
      || request.fields["transfer-encoding"] != nil:
      self = .bodyOfPage
    case .page, .method, .stream: return nil
    }
  }

  /// The response to a call, which may be one of a streaming method.
  ///
  /// Those who call as Connect's streams do learn of an error by the end of a stream, whatever it is.
  ///
  /// Source: https://connectrpc.com/docs/protocol#streaming-response
  func response(
    to request: HTTPRequest,
    _ framing: StreamFraming?,
    requestID: String
  ) -> HTTPResponse {
    guard let framing, framing.form == .envelopes, request.method == "POST" else {
      return self.response(requestID: requestID)
    }
    var fields = framing.fields
    for field in self.fields.fields { fields.append(field.name, field.value) }
    let body = framing.end(self.completed(requestID: requestID), [:])
    return HTTPResponse(status: 200, fields: fields, body: body)
  }
}
