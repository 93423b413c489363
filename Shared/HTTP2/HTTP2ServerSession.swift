import CNghttp2
package import HTTPMessage

/// The server's side of one HTTP/2 connection: bytes in, requests out, responses in, bytes out.
///
/// It knows neither sockets nor clocks. Whoever hosts it calls `receive`, then `nextEvent` until
/// there is none, then `nextOutput` as long as the socket takes bytes, all from one thread.
package final class HTTP2ServerSession {
  package enum Event {
    /// A request has arrived whole.
    case request(HTTP2ServerStream)
    /// A request can't be served and awaits its refusal.
    case rejected(HTTP2ServerStream, HTTPRejection)
    /// A streamed answer that had no room left has room again.
    case room(HTTP2ServerStream)
    /// A request was answered by `admit`, which is still to be sent.
    case refused(HTTP2ServerStream, HTTPResponse)
    /// A stream ended before its request was answered to the end.
    case cancelled(HTTP2ServerStream)
    /// The peer has heard of the shutdown that was announced.
    case shutdownNoticed
  }

  let limits: HTTP2ServerLimits
  private(set) var raw: OpaquePointer?
  var events: [Event] = []
  private var nextEventIndex = 0
  private var fieldBlock = FieldBlock()
  private var firstStream: Unmanaged<HTTP2ServerStream>?
  var bytesWithoutProgress = 0
  /// Of the bodies that have not arrived whole.
  var heldBytes = 0

  /// Asked about each request once its header is there; a response stands for the handler's.
  ///
  /// Called while bytes are being received, so it must not use the session.
  package var admit: ((inout HTTPRequest) -> HTTPResponse?)?
  /// Coarse time in milliseconds, set by the host.
  package var now = 0
  package private(set) var openStreams = 0

  package init(limits: HTTP2ServerLimits) throws(HTTP2Error) {
    self.limits = limits
    guard let callbacks = Self.callbacks else { throw HTTP2Error(code: NGHTTP2_ERR_NOMEM.rawValue) }
    var options: OpaquePointer?
    try HTTP2Error.check(nghttp2_option_new(&options))
    defer { nghttp2_option_del(options) }
    nghttp2_option_set_no_closed_streams(options, 1)
    nghttp2_option_set_max_outbound_ack(options, SessionSettings.maxOutboundAcks)
    nghttp2_option_set_max_settings(options, SessionSettings.maxSettings)
    nghttp2_option_set_max_continuations(options, SessionSettings.maxContinuations)
    nghttp2_option_set_stream_reset_rate_limit(
      options,
      SessionSettings.resetBurst,
      SessionSettings.resetRate
    )
    try HTTP2Error.check(
      nghttp2_session_server_new2(
        &self.raw,
        callbacks,
        Unmanaged.passUnretained(self).toOpaque(),
        options
      )
    )
    try self.submitSettings()
  }

  deinit { self.close() }

  private func submitSettings() throws(HTTP2Error) {
    var settings = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
        value: UInt32(clamping: self.limits.maxConcurrentStreams)
      ),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: SessionSettings.streamWindow
      ),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(clamping: self.limits.maxHeaderBytes)
      ),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue),
        value: 1
      ),
    ]
    let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
    try HTTP2Error.check(nghttp2_submit_settings(self.raw, none, &settings, settings.count))
    try HTTP2Error.check(
      nghttp2_session_set_local_window_size(self.raw, none, 0, SessionSettings.connectionWindow)
    )
  }

  /// Takes what the socket gave; throws when the connection can't go on.
  package func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error) {
    guard let raw = self.raw else { return }
    self.bytesWithoutProgress += bytes.count
    try HTTP2Error.check(
      nghttp2_session_mem_recv(
        raw,
        bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
        bytes.count
      )
    )
    if self.bytesWithoutProgress > SessionSettings.maxBytesWithoutProgress {
      self.terminate(NGHTTP2_ENHANCE_YOUR_CALM)
    }
  }

  /// The request of a stream, which no longer keeps it.
  package func takeRequest(of stream: HTTP2ServerStream) -> HTTPRequest {
    var request = HTTPRequest(method: "", target: "")
    swap(&request, &stream.request)
    return request
  }

  /// What has happened since the last call, oldest first.
  package func nextEvent() -> Event? {
    guard self.nextEventIndex < self.events.count else {
      if self.nextEventIndex > 0 {
        self.events.removeAll(keepingCapacity: true)
        self.nextEventIndex = 0
      }
      return nil
    }
    defer { self.nextEventIndex += 1 }
    return self.events[self.nextEventIndex]
  }

  /// The next bytes for the socket, valid until the next call, or `nil` when there are none.
  package func nextOutput() throws(HTTP2Error) -> UnsafeRawBufferPointer? {
    guard let raw = self.raw else { return nil }
    var start: UnsafePointer<UInt8>?
    let count = try HTTP2Error.check(nghttp2_session_mem_send(raw, &start))
    return count > 0 ? UnsafeRawBufferPointer(start: start, count: count) : nil
  }

  /// Whether both sides have said all they had to say.
  package var isFinished: Bool {
    guard let raw = self.raw else { return true }
    return nghttp2_session_want_read(raw) == 0 && nghttp2_session_want_write(raw) == 0
  }

  /// Answers a request; nothing happens when its stream is gone or answered.
  ///
  /// The answer is complete then, unless its body is streamed: `send` and `end` follow.
  package func respond(to stream: HTTP2ServerStream, with response: HTTPResponse) {
    guard let raw = self.raw, !stream.isClosed, !stream.isAnswered else { return }
    let status = (200...599).contains(response.status) ? response.status : 500
    let mayHaveBody = status != 204 && status != 304
    let isStreamed = response.stream != nil && mayHaveBody && !stream.isHead
    let hasBody =
      isStreamed
      || mayHaveBody && !stream.isHead
        && !(response.body.isEmpty && response.trailers.fields.isEmpty)
    stream.isAnswered = true
    stream.isComplete = !isStreamed
    stream.began = self.now
    if !isStreamed { stream.task = nil }
    self.fieldBlock.removeAll()
    self.fieldBlock.append(":status", String(status))
    self.fieldBlock.append(response.fields)
    if mayHaveBody, response.stream == nil {
      self.fieldBlock.append("content-length", String(response.body.count))
    }
    var provider = nghttp2_data_provider()
    if hasBody {
      stream.response = OutgoingBody(response.body, isWhole: !isStreamed)
      stream.trailers = response.trailers
      provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
      provider.read_callback = Self.readResponse
    }
    do throws(HTTP2Error) {
      try self.fieldBlock.withFields { fields throws(HTTP2Error) in
        let code = withUnsafePointer(to: &provider) { provider in
          let provider = hasBody ? provider : nil
          return nghttp2_submit_response(raw, stream.id, fields.baseAddress, fields.count, provider)
        }
        try HTTP2Error.check(code)
      }
    } catch {
      self.reset(stream, NGHTTP2_INTERNAL_ERROR)
    }
  }

  /// Adds to a streamed answer.
  ///
  /// - Returns: Whether there is room for more; otherwise a `room` event tells when there is.
  package func send(_ bytes: [UInt8], on stream: HTTP2ServerStream) -> Bool {
    guard self.raw != nil, !stream.isClosed, !stream.isComplete else { return true }
    if stream.response.pending == 0 { stream.began = self.now }
    stream.response.append(bytes)
    self.resume(stream)
    stream.awaitsRoom = stream.response.pending > SessionSettings.maxPendingBytes
    return !stream.awaitsRoom
  }

  /// Ends a streamed answer.
  package func end(_ stream: HTTP2ServerStream, trailers: HeaderFields) {
    guard self.raw != nil, !stream.isClosed, !stream.isComplete else { return }
    stream.isComplete = true
    stream.task = nil
    stream.outlet = nil
    stream.trailers = trailers
    stream.response.end()
    self.resume(stream)
  }

  /// Breaks a streamed answer off, so that nobody takes it for whole.
  package func abort(_ stream: HTTP2ServerStream) {
    guard self.raw != nil, !stream.isClosed, !stream.isComplete else { return }
    stream.isComplete = true
    stream.task = nil
    stream.outlet = nil
    self.reset(stream, NGHTTP2_INTERNAL_ERROR)
  }

  /// Has nghttp2 ask for the answer's next piece, in case it was told that there was none.
  private func resume(_ stream: HTTP2ServerStream) {
    _ = nghttp2_session_resume_data(self.raw, stream.id)
  }

  /// Answers a request that was refused and stops the peer from sending the rest of it.
  package func reject(_ stream: HTTP2ServerStream, with response: HTTPResponse) {
    stream.isResetAfterResponse = true
    self.respond(to: stream, with: response)
  }

  /// Ends what has taken too long by the session's clock.
  ///
  /// - Parameters:
  ///   - requestsBefore: Requests that began before this and haven't arrived are rejected.
  ///   - responsesBefore: Responses that began before this and weren't taken are cut off, and
  ///     streamed ones of which no part was taken since.
  package func expire(requestsBefore: Int, responsesBefore: Int) {
    var next = self.firstStream
    while let current = next {
      let stream = current.takeUnretainedValue()
      next = stream.next
      if stream.isAnswered {
        // A streamed answer may have nothing to say for long.
        let isWaiting = stream.isComplete || stream.response.pending > 0
        if isWaiting, stream.began < responsesBefore { self.reset(stream, NGHTTP2_CANCEL) }
      } else if !stream.isSettled, stream.began < requestsBefore {
        guard stream.hasHead else { return self.terminate(NGHTTP2_ENHANCE_YOUR_CALM) }
        self.settle(stream, .rejected(stream, .readTimeout))
      }
    }
  }

  /// Calls `body` with each request that awaits its answer, or the rest of it.
  package func forEachUnanswered(_ body: (HTTP2ServerStream) -> Void) {
    var next = self.firstStream
    while let current = next {
      let stream = current.takeUnretainedValue()
      next = stream.next
      if stream.isSettled, !stream.isComplete { body(stream) }
    }
  }

  /// Drops the connection; requests without an answer become `cancelled` events.
  package func close() {
    guard let raw = self.raw else { return }
    self.raw = nil
    nghttp2_session_del(raw)
    while let first = self.firstStream { self.remove(first.takeUnretainedValue()) }
  }

  private func reset(_ stream: HTTP2ServerStream, _ code: nghttp2_error_code) {
    _ = nghttp2_submit_rst_stream(
      self.raw,
      UInt8(NGHTTP2_FLAG_NONE.rawValue),
      stream.id,
      UInt32(code.rawValue)
    )
  }

  private func terminate(_ code: nghttp2_error_code) {
    _ = nghttp2_session_terminate_session(self.raw, UInt32(code.rawValue))
  }
}

// MARK: - What the callbacks do

extension HTTP2ServerSession {
  /// Hands a request out, once.
  func settle(_ stream: HTTP2ServerStream, _ event: Event) {
    guard !stream.isSettled else { return }
    stream.isSettled = true
    self.heldBytes -= stream.request.body.count
    if case .rejected = event { stream.request.body = [] }
    self.events.append(event)
  }

  func add(_ stream: HTTP2ServerStream) -> Unmanaged<HTTP2ServerStream> {
    let reference = Unmanaged.passRetained(stream)
    stream.next = self.firstStream
    self.firstStream?._withUnsafeGuaranteedRef { $0.previous = reference }
    self.firstStream = reference
    self.openStreams += 1
    return reference
  }

  /// Forgets a stream that nghttp2 has closed, or that ends with the session.
  func remove(_ stream: HTTP2ServerStream) {
    guard !stream.isClosed else { return }
    stream.isClosed = true
    self.openStreams -= 1
    if let previous = stream.previous {
      previous._withUnsafeGuaranteedRef { $0.next = stream.next }
    } else {
      self.firstStream = stream.next
    }
    stream.next?._withUnsafeGuaranteedRef { $0.previous = stream.previous }
    stream.previous = nil
    stream.next = nil
    if !stream.isSettled {
      self.heldBytes -= stream.request.body.count
    } else if !stream.isComplete {
      self.events.append(.cancelled(stream))
    }
    Unmanaged.passUnretained(stream).release()
  }

  /// Tells a client that waits for it to send the body.
  func sendContinue(_ stream: HTTP2ServerStream) {
    self.fieldBlock.removeAll()
    self.fieldBlock.append(":status", "100")
    let raw = self.raw
    _ = try? self.fieldBlock.withFields { fields throws(HTTP2Error) in
      try HTTP2Error.check(
        nghttp2_submit_headers(
          raw,
          UInt8(NGHTTP2_FLAG_NONE.rawValue),
          stream.id,
          nil,
          fields.baseAddress,
          fields.count,
          nil
        )
      )
    }
  }

  /// Has the stream's trailers follow its body; returns whether they do.
  func submitTrailers(_ stream: HTTP2ServerStream) -> Bool {
    self.fieldBlock.removeAll()
    self.fieldBlock.append(stream.trailers)
    let raw = self.raw
    do throws(HTTP2Error) {
      _ = try self.fieldBlock.withFields { fields throws(HTTP2Error) in
        try HTTP2Error.check(
          nghttp2_submit_trailer(raw, stream.id, fields.baseAddress, fields.count)
        )
      }
      return true
    } catch {
      return false
    }
  }

  /// Stops the upload of a request whose refusal has been sent.
  func responseSent(_ stream: HTTP2ServerStream) {
    if stream.isResetAfterResponse, !stream.hasEnded { self.reset(stream, NGHTTP2_NO_ERROR) }
  }
}
