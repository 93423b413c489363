package import HTTPMessage

extension RPCServer {
  /// Asks about a request whose header is there and whose body is not, for a transport to call.
  ///
  /// - Parameter request: Learns who calls, so that it is not asked about again.
  /// - Returns: The answer to a call that is not to be served, or `nil` for one that is.
  package func admit(_ request: inout HTTPRequest) -> HTTPResponse? {
    guard let hooks = self.hooks, let head = CallHead(self.target(of: request), request)
    else { return nil }
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
    let requestID = CallFields(request.fields).requestID
    let refusal = Refusal(error, deadline: nil)
    var response = refusal.response(requestID: requestID)
    response.fields.append("x-request-id", requestID)
    self.observe(
      CallRecord(
        method: path,
        status: response.status,
        code: refusal.error.code,
        failure: refusal.failure,
        duration: .now - began,
        requestID: requestID,
        codec: nil,
        requestBytes: 0,
        responseBytes: response.body.count,
        httpMethod: request.method,
        httpVersion: request.version
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
    _ request: HTTPRequest,
    _ payload: Payload,
    _ context: ServerContext,
    _ admitted: HTTPAdmission
  ) async throws -> [UInt8] {
    guard let hooks = self.hooks else { return try await endpoint.answer(payload, context) }
    let call = ArrivedCall(
      head: CallHead(endpoint, request),
      admission: admitted,
      deadline: context.deadline,
      codec: payload.codec,
      message: payload.bytes
    )
    let (body, isReplay) = try await hooks.once(call) {
      let leave = try await hooks.enter(call)
      do {
        let body = try await endpoint.answer(payload, context)
        leave(.answered)
        return body
      } catch {
        leave(call.deadline <= .now ? .timedOut : .failed)
        throw error
      }
    }
    if isReplay { context.responseFields.append("idempotency-replayed", "true") }
    return body
  }

  /// What an error becomes; a call that the end of this process cuts off may be asked elsewhere.
  func refusal(of error: any Error, deadline: ContinuousClock.Instant?) -> Refusal {
    let refusal = Refusal(error, deadline: deadline)
    // Nobody but a server that ends cancels the calls of those who still wait.
    return error is CancellationError && self.health.isDraining ? .draining : refusal
  }
}
