import CNghttp2
import HTTPMessage

extension HTTP2ClientSession {
  /// The functions nghttp2 calls, which only record: it forbids being called back from them, but
  /// for submitting frames.
  nonisolated(unsafe) static let callbacks: OpaquePointer? = {  // Never changed once made.
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    nghttp2_session_callbacks_set_before_frame_send_callback(callbacks) { raw, frame, session in
      guard let header = frame?.pointee.hd, header.type == UInt8(NGHTTP2_HEADERS.rawValue) else {
        return 0
      }
      withStream(raw, header.stream_id, session) { _, stream in stream.isSent = true }
      return 0
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      raw,
      frame,
      name,
      nameLength,
      value,
      valueLength,
      _,
      session in
      guard let id = frame?.pointee.hd.stream_id else { return 0 }
      withStream(raw, id, session) { session, stream in
        session.receivedField(
          UnsafeBufferPointer(start: name, count: nameLength),
          UnsafeBufferPointer(start: value, count: valueLength),
          on: stream
        )
      }
      return 0
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
      raw,
      _,
      id,
      data,
      count,
      session in
      withStream(raw, id, session) { session, stream in
        session.received(UnsafeBufferPointer(start: data, count: count), on: stream)
      }
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { raw, frame, session in
      guard let header = frame?.pointee.hd else { return 0 }
      if header.type == UInt8(NGHTTP2_GOAWAY.rawValue) {
        withObject(session, as: HTTP2ClientSession.self) { $0.isGoingAway = true }
        return 0
      }
      let isHead = header.type == UInt8(NGHTTP2_HEADERS.rawValue)
      guard isHead || header.endsStream else { return 0 }
      withStream(raw, header.stream_id, session) { session, stream in
        if isHead, stream.response.status >= 200 { session.headEnded(stream) }
        if header.endsStream { session.finish(stream, .success(stream.response)) }
      }
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { raw, id, code, session in
      withStream(raw, id, session) { session, stream in
        _ = nghttp2_session_set_stream_user_data(raw, id, nil)
        session.closed(stream, code)
      }
      return 0
    }
    return callbacks
  }()

  /// Gives nghttp2 the next piece of a request.
  static let readRequest: nghttp2_data_source_read_callback = {
    _,
    _,
    buffer,
    capacity,
    flags,
    source,
    _ in
    let count = withObject(source?.pointee.ptr, as: HTTP2ClientStream.self) { stream in
      stream.request.read(into: buffer, capacity, flags)
    }
    return count ?? Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
  }

  @inline(__always)
  private static func withStream(
    _ raw: OpaquePointer?,
    _ id: Int32,
    _ session: UnsafeMutableRawPointer?,
    _ body: (HTTP2ClientSession, HTTP2ClientStream) -> Void
  ) {
    withObject(session, as: HTTP2ClientSession.self) { session in
      let stream = nghttp2_session_get_stream_user_data(raw, id)
      withObject(stream, as: HTTP2ClientStream.self) { body(session, $0) }
    }
  }

  private func receivedField(
    _ name: UnsafeBufferPointer<UInt8>,
    _ value: UnsafeBufferPointer<UInt8>,
    on stream: HTTP2ClientStream
  ) {
    stream.headerBytes += name.count + value.count + 32
    guard stream.headerBytes <= Self.maxHeaderBytes else { return self.refuse(stream, "header") }
    if stream.hasHead {
      stream.response.trailers.append(
        String(decoding: name, as: UTF8.self),
        String(decoding: value, as: UTF8.self)
      )
    } else if name.elementsEqual(":status".utf8) {
      // An informational response may have come before this one; its fields go.
      let status = value.reduce(0) { $0 &* 10 &+ Int($1) &- 48 }
      stream.response = HTTPResponse(status: status)
    } else {
      stream.response.fields.append(
        String(decoding: name, as: UTF8.self),
        String(decoding: value, as: UTF8.self)
      )
    }
  }

  private func headEnded(_ stream: HTTP2ClientStream) {
    guard !stream.hasHead else { return }
    stream.hasHead = true
    if stream.isStreamed, !stream.isFinished { self.report(.head(stream.response), on: stream) }
  }

  private func received(_ bytes: UnsafeBufferPointer<UInt8>, on stream: HTTP2ClientStream) {
    self.received(bytes.count, on: stream)
    guard !stream.isFinished else { return }
    guard !stream.isStreamed else { return self.report(.body(Array(bytes)), on: stream) }
    guard stream.response.body.count + bytes.count <= self.maxResponseBytes else {
      return self.refuse(stream, "body")
    }
    stream.response.body.append(contentsOf: bytes)
  }

  private func refuse(_ stream: HTTP2ClientStream, _ part: String) {
    guard !stream.isFinished else { return }
    let error = HTTPTransportError(.responseTooLarge, "the response's \(part) is too large")
    self.finish(stream, .failure(error))
    self.reset(stream)
  }

  private func closed(_ stream: HTTP2ClientStream, _ code: UInt32) {
    let error =
      if !stream.isSent || code == NGHTTP2_REFUSED_STREAM.rawValue {
        HTTPTransportError(.refused, "the server refused the stream")
      } else if code == NGHTTP2_PROTOCOL_ERROR.rawValue {
        HTTPTransportError(.protocolError, "the stream broke the protocol")
      } else {
        HTTPTransportError(.interrupted, "the stream was reset with code \(code)")
      }
    self.finish(stream, .failure(error))
    self.remove(stream)
  }
}
