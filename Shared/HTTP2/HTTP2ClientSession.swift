import CNghttp2
package import HTTPMessage

/// The client's side of one HTTP/2 connection: requests in, bytes out, bytes in, responses out.
///
/// It knows neither sockets nor clocks. Whoever hosts it calls `receive`, then `nextEvent` until
/// there is none, which it hands to the stream's observer, then `nextOutput` as long as the socket takes bytes, all from one thread.
/// Requests above what the server allows at a time wait in nghttp2's queue.
package final class HTTP2ClientSession {
  package enum Event {
    /// The head of a streamed response.
    case head(HTTPResponse)
    /// A piece of a streamed body; `consume` lets the server send as much again.
    case body([UInt8])
    /// The request has come to its end; of a streamed response, only the trailers follow here.
    case end(Result<HTTPResponse, HTTPTransportError>)
  }

  /// Names, values and 32 for each field of a response, 64 KiB.
  static let maxHeaderBytes = 64 << 10

  let maxResponseBytes: Int
  private var raw: OpaquePointer?
  private var events: [(HTTP2ClientStream, Event)] = []
  private var nextEventIndex = 0
  private var fieldBlock = FieldBlock()
  private var firstStream: Unmanaged<HTTP2ClientStream>?

  /// Coarse time in milliseconds, set by the host.
  package var now = 0
  package private(set) var openStreams = 0
  /// The server takes no further requests on this connection.
  package var isGoingAway = false

  package init(maxResponseBytes: Int) throws(HTTP2Error) {
    self.maxResponseBytes = maxResponseBytes
    guard let callbacks = Self.callbacks else { throw HTTP2Error(code: NGHTTP2_ERR_NOMEM.rawValue) }
    var options: OpaquePointer?
    try HTTP2Error.check(nghttp2_option_new(&options))
    defer { nghttp2_option_del(options) }
    nghttp2_option_set_no_closed_streams(options, 1)
    nghttp2_option_set_no_auto_window_update(options, 1)
    nghttp2_option_set_max_outbound_ack(options, SessionSettings.maxOutboundAcks)
    nghttp2_option_set_max_settings(options, SessionSettings.maxSettings)
    nghttp2_option_set_max_continuations(options, SessionSettings.maxContinuations)
    try HTTP2Error.check(
      nghttp2_session_client_new2(
        &self.raw,
        callbacks,
        Unmanaged.passUnretained(self).toOpaque(),
        options
      )
    )
    try self.submitSettings()
  }

  deinit { self.close(HTTPTransportError(.interrupted, "the connection was dropped")) }

  private func submitSettings() throws(HTTP2Error) {
    var settings = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue),
        value: 0
      ),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: SessionSettings.streamWindow
      ),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(Self.maxHeaderBytes)
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

  /// Sends a request as soon as the server allows another stream.
  ///
  /// - Parameters:
  ///   - request: Its connection-specific fields are left out.
  ///   - authority: What stands for the request's own authority when it has none.
  /// - Returns: The stream that will carry the response.
  /// - Throws: `HTTPTransportError.refused` when this connection can't carry it.
  package func submit(
    _ request: HTTPRequest,
    authority: String
  ) throws(HTTPTransportError) -> HTTP2ClientStream {
    guard let raw = self.raw, !self.isGoingAway else {
      throw HTTPTransportError(.refused, "the connection is closing")
    }
    let stream = HTTP2ClientStream(request, began: self.now)
    self.fieldBlock.removeAll()
    self.fieldBlock.append(":method", request.method)
    self.fieldBlock.append(":scheme", request.scheme)
    self.fieldBlock.append(
      ":authority",
      request.authority.isEmpty ? authority : request.authority
    )
    self.fieldBlock.append(":path", request.target)
    self.fieldBlock.append(request.fields)
    let hasBody = !request.body.isEmpty
    if hasBody || request.method == "POST" || request.method == "PUT" {
      self.fieldBlock.append("content-length", String(request.body.count))
    }
    var provider = nghttp2_data_provider()
    provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
    provider.read_callback = Self.readRequest
    do throws(HTTP2Error) {
      stream.id = try self.fieldBlock.withFields { fields throws(HTTP2Error) in
        let code = withUnsafePointer(to: &provider) { provider in
          nghttp2_submit_request(
            raw,
            nil,
            fields.baseAddress,
            fields.count,
            hasBody ? provider : nil,
            Unmanaged.passUnretained(stream).toOpaque()
          )
        }
        return try HTTP2Error.check(code)
      }
    } catch {
      // Stream identifiers are used up after 2^30 requests, which asks for another connection.
      self.isGoingAway = true
      throw HTTPTransportError(.refused, error.description)
    }
    self.add(stream)
    return stream
  }

  /// Gives a request up; it has no event.
  package func cancel(_ stream: HTTP2ClientStream) {
    guard !stream.isFinished else { return }
    stream.isFinished = true
    stream.observer = nil
    self.reset(stream)
  }

  /// Lets the server send as many bytes of a streamed response as its reader has taken.
  package func consume(_ count: Int, of stream: HTTP2ClientStream) {
    guard let raw = self.raw, !stream.isFinished else { return }
    _ = nghttp2_session_consume_stream(raw, stream.id, count)
  }

  /// Takes what the socket gave; throws when the connection can't go on.
  package func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error) {
    guard let raw = self.raw else { return }
    let start = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
    try HTTP2Error.check(nghttp2_session_mem_recv(raw, start, bytes.count))
  }

  /// What has happened since the last call, oldest first.
  package func nextEvent() -> (stream: HTTP2ClientStream, event: Event)? {
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

  /// Asks the server for a sign of life.
  package func ping() {
    _ = nghttp2_submit_ping(self.raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
  }

  /// Fails requests submitted before `time` of the session's clock, but for streamed responses that
  /// have begun.
  package func expire(before time: Int) {
    var next = self.firstStream
    while let current = next {
      let stream = current.takeUnretainedValue()
      next = stream.next
      let isUnderWay = stream.isStreamed && stream.hasHead
      guard !stream.isFinished, !isUnderWay, stream.began < time else { continue }
      self.finish(stream, .failure(HTTPTransportError(.timedOut, "no response in time")))
      self.reset(stream)
    }
  }

  /// Drops the connection; requests in flight end with `error`.
  package func close(_ error: HTTPTransportError) {
    guard let raw = self.raw else { return }
    self.raw = nil
    self.isGoingAway = true
    nghttp2_session_del(raw)
    while let first = self.firstStream {
      let stream = first.takeUnretainedValue()
      let unsent = HTTPTransportError(.refused, "the connection ended before the request left")
      self.finish(stream, .failure(stream.isSent ? error : unsent))
      self.remove(stream)
    }
  }
}

// MARK: - What the callbacks do

extension HTTP2ClientSession {
  private func add(_ stream: HTTP2ClientStream) {
    let reference = Unmanaged.passRetained(stream)
    stream.next = self.firstStream
    self.firstStream?._withUnsafeGuaranteedRef { $0.previous = reference }
    self.firstStream = reference
    self.openStreams += 1
  }

  /// Forgets a stream that nghttp2 has closed, or that ends with the session.
  func remove(_ stream: HTTP2ClientStream) {
    self.openStreams -= 1
    if let previous = stream.previous {
      previous._withUnsafeGuaranteedRef { $0.next = stream.next }
    } else {
      self.firstStream = stream.next
    }
    stream.next?._withUnsafeGuaranteedRef { $0.previous = stream.previous }
    stream.previous = nil
    stream.next = nil
    Unmanaged.passUnretained(stream).release()
  }

  /// Gives the caller its answer, once.
  func finish(
    _ stream: HTTP2ClientStream,
    _ result: Result<HTTPResponse, HTTPTransportError>
  ) {
    guard !stream.isFinished else { return }
    stream.isFinished = true
    self.report(.end(result), on: stream)
  }

  func report(_ event: Event, on stream: HTTP2ClientStream) {
    self.events.append((stream, event))
  }

  /// Lets the server send as many bytes again on the connection, and on the stream unless its
  /// reader has yet to take them.
  ///
  /// A reader that takes nothing holds up its own stream only.
  func received(_ count: Int, on stream: HTTP2ClientStream) {
    if stream.isStreamed, !stream.isFinished {
      _ = nghttp2_session_consume_connection(self.raw, count)
    } else {
      _ = nghttp2_session_consume(self.raw, stream.id, count)
    }
  }

  func reset(_ stream: HTTP2ClientStream) {
    _ = nghttp2_submit_rst_stream(
      self.raw,
      UInt8(NGHTTP2_FLAG_NONE.rawValue),
      stream.id,
      UInt32(NGHTTP2_CANCEL.rawValue)
    )
  }
}
