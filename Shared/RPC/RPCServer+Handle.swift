package import HTTPMessage

extension RPCServer {
  /// Answers any request; cancelling the task cancels the handler.
  ///
  /// A HEAD is answered like a GET: its body is the transport's to leave out, which tells its length.
  package func handle(_ request: HTTPRequest) async -> HTTPResponse {
    let began = ContinuousClock.now
    var fields = CallFields(request.fields)
    var reply = Reply()
    let target = self.target(of: request)
    fields.watch = CallWatch(of: target, on: self, fields.trace)
    switch target {
    case .method(let endpoint):
      await self.call(endpoint, request, fields, began: began, &reply)
    case .stream(let endpoint):
      var response = await self.stream(endpoint, request, fields, began: began)
      response.fields.append("x-request-id", fields.requestID)
      return response
    case .page(let page):
      reply.method = page.path
      await self.serve(page, request, fields, began: began, &reply)
    case nil: reply.refuse(.unknownPath, fields.requestID)
    }
    await self.compress(&reply.response, for: fields)
    reply.response.fields.append("x-request-id", fields.requestID)
    self.observe(
      CallRecord(
        method: reply.method,
        status: reply.response.status,
        code: reply.code,
        failure: reply.failure,
        duration: .now - began,
        requestID: fields.requestID,
        codec: reply.codec,
        requestBytes: request.body.count,
        responseBytes: request.method == "HEAD" ? 0 : reply.response.body.count,
        httpMethod: request.method,
        httpVersion: request.version,
        caller: reply.caller,
        trace: fields.trace,
        watch: fields.watch
      )
    )
    return reply.response
  }

  /// The response to a request that a server rejects by itself, observed like any other.
  ///
  /// - Parameters:
  ///   - rejection: Why.
  ///   - fields: What came of the request's header.
  /// - Returns: An error with the request's ID where it came, or else with one of ours.
  package func response(to rejection: HTTPRejection, _ fields: HeaderFields) -> HTTPResponse {
    let refusal =
      switch rejection {
      case .malformed:
        Refusal(.invalidArgument, "the request is not valid HTTP", reason: "MALFORMED_REQUEST")
      case .headerTooLarge:
        Refusal(
          RPCError(
            .invalidArgument,
            "the request's header is too large",
            details: [.errorInfo(reason: "HEADER_TOO_LARGE")]
          ),
          status: 431
        )
      case .bodyTooLarge:
        Refusal(
          .resourceExhausted,
          "the request's body is too large",
          reason: "MESSAGE_TOO_LARGE"
        )
      case .readTimeout:
        Refusal(
          RPCError(
            .deadlineExceeded,
            "the request did not arrive in time",
            details: [.errorInfo(reason: "READ_TIMEOUT")]
          ),
          status: 408
        )
      case .unencrypted:
        Refusal(
          .invalidArgument,
          "this port speaks TLS: use https",
          reason: "TLS_REQUIRED"
        )
      }
    self.metrics.rejected(rejection)
    let fields = CallFields(fields)
    let requestID = fields.requestID
    var response = refusal.response(requestID: requestID)
    response.fields.append("x-request-id", requestID)
    self.observe(
      CallRecord(
        method: MethodMetrics.other,
        status: response.status,
        code: refusal.error.code,
        duration: .zero,
        requestID: requestID,
        codec: nil,
        requestBytes: 0,
        responseBytes: response.body.count,
        trace: fields.trace
      )
    )
    return response
  }

  nonisolated(nonsending) private func call(
    _ endpoint: Endpoint,
    _ request: HTTPRequest,
    _ fields: CallFields,
    began: ContinuousClock.Instant,
    _ reply: inout Reply
  ) async {
    reply.method = endpoint.path
    let (added, trailers) = (ResponseFields(), ResponseFields())
    let charged = endpoint.hasParts ? ResponseFields() : nil
    var admission = HTTPAdmission()
    let head = CallHead(endpoint, request)
    var deadline: ContinuousClock.Instant?
    do {
      admission = try self.admission(of: request, head)
      let admitted = admission
      reply.caller = admitted.caller
      let payload = try await self.payload(of: request, fields, endpoint, &reply.codec)
      let timeout = try self.timeout(of: fields, default: endpoint.timeout)
      guard timeout > .zero else { throw Refusal.deadlineExceeded }
      let end = began + timeout
      deadline = end
      let context = ServerContext(
        requestID: fields.requestID,
        deadline: end,
        fields: request.fields,
        responseFields: added,
        responseTrailers: trailers,
        charge: self.charging(head, charged)
      )
      let turn = self.hooks.map { _ in CallTurn() }
      var scope = CallScope(
        deadline: end,
        requestID: fields.requestID,
        span: fields.watch?.span,
        baggage: fields.baggage,
        priority: admitted.priority
      )
      scope.turn = turn
      reply.response.body = try await withDeadline(end) { [scope] in
        try await CallScope.$current.withValue(scope) {
          try await self.answer(endpoint, head, payload, context, admitted, turn)
        }
      }
      reply.response.fields.append("content-type", payload.codec.contentType)
      if request.method == "GET" { reply.response.makeCacheable(endpoint.cacheControl, request) }
    } catch {
      reply.refuse(self.refusal(of: error, deadline: deadline), fields.requestID)
      if request.method == "GET" { reply.response.fields.append("cache-control", "no-store") }
    }
    for field in admission.fields.fields { reply.response.fields.append(field.name, field.value) }
    for field in charged?.current.fields ?? [] { reply.response.fields[field.name] = field.value }
    if fields.isStrict, reply.codec == .json {
      reply.response.fields.append("preference-applied", "handling=strict")
    }
    for field in added.current.fields { reply.response.fields.append(field.name, field.value) }
    for field in trailers.current.fields {
      reply.response.fields.append("trailer-" + field.name, field.value)
    }
  }

  nonisolated(nonsending) private func serve(
    _ page: Page,
    _ request: HTTPRequest,
    _ fields: CallFields,
    began: ContinuousClock.Instant,
    _ reply: inout Reply
  ) async {
    guard request.method == "GET" || request.method == "HEAD" else {
      return reply.refuse(.wrongMethod(allowed: "GET, HEAD"), fields.requestID)
    }
    let deadline = began + self.limits.defaultTimeout
    do {
      if page.isForOperators { try self.hooks?.inspect(request) }
      reply.response = try await withDeadline(deadline) {
        try await page.answer(request) { self.mayInspect(request) }
      }
    } catch {
      reply.refuse(Refusal(error, deadline: deadline), fields.requestID)
    }
  }

  nonisolated(nonsending) private func payload(
    of request: HTTPRequest,
    _ fields: CallFields,
    _ endpoint: Endpoint,
    _ codec: inout Codec?
  ) async throws(Refusal) -> Payload {
    let limit = self.limits.maxMessageBytes
    let query = request.method == "GET" && endpoint.allowsGet ? Query(request.query) : nil
    if let query {
      codec = query.text("encoding").flatMap(Codec.init(rawValue:))
    } else {
      guard request.method == "POST" else {
        throw .wrongMethod(allowed: endpoint.allowsGet ? "GET, POST" : "POST")
      }
      codec = fields.contentType.flatMap(Codec.init(contentType:))
    }
    guard let codec else { throw query == nil ? Refusal.wrongCodec : Refusal.wrongQueryCodec }
    let version = query?.text("connect") ?? fields.protocolVersion.map { "v" + $0 }
    guard version == nil || version == "v1" else {
      throw .unknownProtocolVersion
    }
    return if let query {
      try await Payload(query: query, codec, fields, limit: limit)
    } else {
      try await Payload(posted: request, codec, fields, limit: limit)
    }
  }

  private func timeout(
    of fields: CallFields,
    default timeout: Duration
  ) throws(RPCError) -> Duration {
    min(try fields.timeout.map(Timeout.parse) ?? timeout, self.limits.maxTimeout)
  }

  nonisolated(nonsending) private func compress(
    _ response: inout HTTPResponse,
    for fields: CallFields
  ) async {
    let body = response.body
    guard body.count > self.limits.compressAboveBytes,
      fields.acceptsGzip ?? (fields.contentEncoding == "gzip"),
      response.fields["content-encoding"] == nil
    else { return }
    let compressed = await computing(body.count) { Gzip.compress(body) }
    guard let compressed, compressed.count < body.count else { return }
    response.body = compressed
    response.fields.append("content-encoding", "gzip")
  }
}

/// A response in the making, and what its record needs.
private struct Reply {
  var response = HTTPResponse(status: 200)
  var method = MethodMetrics.other
  var code: Code?
  var failure: String?
  var codec: Codec?
  var caller = ""

  mutating func refuse(_ refusal: Refusal, _ requestID: String) {
    self.code = refusal.error.code
    self.failure = refusal.failure
    if self.caller.isEmpty { self.caller = refusal.caller }
    self.response = refusal.response(requestID: requestID)
  }
}
