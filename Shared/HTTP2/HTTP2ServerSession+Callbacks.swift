import CNghttp2
import HTTPMessage

/// Calls `body` with the object behind a pointer that nghttp2 carried, without counting references.
@inline(__always)
func withObject<Object: AnyObject, R>(
  _ pointer: UnsafeMutableRawPointer?,
  as type: Object.Type,
  _ body: (Object) -> R
) -> R? {
  guard let pointer else { return nil }
  return Unmanaged<Object>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body)
}

extension HTTP2ServerSession {
  /// The functions nghttp2 calls, which only record: it forbids being called back from them, but
  /// for submitting frames.
  nonisolated(unsafe) static let callbacks: OpaquePointer? = {  // Never changed once made.
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { raw, frame, session in
      guard let header = frame?.pointee,
        header.hd.type == UInt8(NGHTTP2_HEADERS.rawValue),
        header.headers.cat == NGHTTP2_HCAT_REQUEST
      else { return 0 }
      withObject(session, as: HTTP2ServerSession.self) { session in
        let stream = session.add(HTTP2ServerStream(id: header.hd.stream_id, began: session.now))
        _ = nghttp2_session_set_stream_user_data(raw, header.hd.stream_id, stream.toOpaque())
      }
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
      let isEndless = withStream(raw, id, session) { session, stream in
        stream.addField(
          UnsafeBufferPointer(start: name, count: nameLength),
          UnsafeBufferPointer(start: value, count: valueLength),
          limit: session.limits.maxHeaderBytes
        )
        return stream.headerBytes > session.limits.endlessHeaderBytes
      }
      // The stream is reset, and nghttp2 spares us the rest of the block.
      return isEndless == true ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue : 0
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
      if header.type == UInt8(NGHTTP2_PING.rawValue), let ping = frame?.pointee.ping {
        withObject(session, as: HTTP2ServerSession.self) { $0.receivedPing(ping) }
        return 0
      }
      let isHead = header.type == UInt8(NGHTTP2_HEADERS.rawValue)
      guard isHead || header.type == UInt8(NGHTTP2_DATA.rawValue) else { return 0 }
      withStream(raw, header.stream_id, session) { session, stream in
        if isHead, !stream.hasHead { session.headEnded(stream, endsRequest: header.endsStream) }
        if header.endsStream { session.requestEnded(stream) }
      }
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { raw, frame, session in
      guard let header = frame?.pointee.hd else { return 0 }
      if header.type == UInt8(NGHTTP2_GOAWAY.rawValue), let goAway = frame?.pointee.goaway {
        withObject(session, as: HTTP2ServerSession.self) { $0.sentGoAway(goAway) }
      }
      guard header.endsStream else { return 0 }
      withStream(raw, header.stream_id, session) { session, stream in session.responseSent(stream) }
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { raw, id, _, session in
      withStream(raw, id, session) { session, stream in
        _ = nghttp2_session_set_stream_user_data(raw, id, nil)
        session.remove(stream)
      }
      return 0
    }
    return callbacks
  }()

  /// Gives nghttp2 the next piece of a response.
  static let readResponse: nghttp2_data_source_read_callback = {
    _,
    _,
    buffer,
    capacity,
    flags,
    source,
    session in
    let count = withObject(source?.pointee.ptr, as: HTTP2ServerStream.self) { stream in
      let count = stream.response.read(into: buffer, capacity, flags)
      withObject(session, as: HTTP2ServerSession.self) { session in
        if count >= 0 { session.sending(stream, flags) }
      }
      return count
    }
    return count ?? Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
  }

  /// Notes that a piece of a response leaves.
  private func sending(_ stream: HTTP2ServerStream, _ flags: UnsafeMutablePointer<UInt32>?) {
    // A refusal brings nothing forward, or each one would allow the next flood.
    if !stream.isResetAfterResponse { self.bytesWithoutProgress = 0 }
    if !stream.isComplete {
      stream.began = self.now
      if stream.awaitsRoom, stream.response.pending <= SessionSettings.maxPendingBytes / 2 {
        stream.awaitsRoom = false
        self.events.append(.room(stream))
      }
    }
    let isLast = (flags?.pointee ?? 0) & UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue) != 0
    if isLast, !stream.trailers.fields.isEmpty, self.submitTrailers(stream) {
      flags?.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
    }
  }

  @inline(__always) @discardableResult
  private static func withStream<R>(
    _ raw: OpaquePointer?,
    _ id: Int32,
    _ session: UnsafeMutableRawPointer?,
    _ body: (HTTP2ServerSession, HTTP2ServerStream) -> R
  ) -> R? {
    let result = withObject(session, as: HTTP2ServerSession.self) { session in
      let stream = nghttp2_session_get_stream_user_data(raw, id)
      return withObject(stream, as: HTTP2ServerStream.self) { body(session, $0) }
    }
    return result ?? nil
  }

  private func headEnded(_ stream: HTTP2ServerStream, endsRequest: Bool) {
    stream.hasHead = true
    stream.isHead = stream.request.method == "HEAD"
    if stream.request.authority.isEmpty {
      stream.request.authority = stream.request.fields["host"] ?? ""
    }
    if stream.headerBytes > self.limits.maxHeaderBytes {
      self.settle(stream, .rejected(stream, .headerTooLarge))
    } else if stream.request.target.isEmpty {
      self.settle(stream, .rejected(stream, .malformed))
    } else if let expected = stream.expectedBodyBytes, expected > self.limits.maxBodyBytes {
      self.settle(stream, .rejected(stream, .bodyTooLarge))
    } else if let response = self.admit?(&stream.request) {
      self.settle(stream, .refused(stream, response))
    } else if !endsRequest, stream.request.fields["expect"] == "100-continue" {
      self.sendContinue(stream)
    }
  }

  private func received(_ bytes: UnsafeBufferPointer<UInt8>, on stream: HTTP2ServerStream) {
    guard !stream.isSettled else { return }
    self.bytesWithoutProgress = 0
    if stream.request.body.count + bytes.count > self.limits.maxBodyBytes
      || self.heldBytes + bytes.count > self.limits.maxHeldBytes
    {
      self.settle(stream, .rejected(stream, .bodyTooLarge))
    } else {
      stream.request.body.append(contentsOf: bytes)
      self.heldBytes += bytes.count
    }
  }

  private func requestEnded(_ stream: HTTP2ServerStream) {
    stream.hasEnded = true
    guard !stream.isSettled else { return }
    self.bytesWithoutProgress = 0
    self.settle(stream, .request(stream))
  }
}

extension HTTP2ServerStream {
  fileprivate func addField(
    _ name: UnsafeBufferPointer<UInt8>,
    _ value: UnsafeBufferPointer<UInt8>,
    limit: Int
  ) {
    // Trailers are counted like the head, and then left out: nothing here reads them.
    self.headerBytes += name.count + value.count + 32
    guard self.headerBytes <= limit, !self.hasHead else { return }
    let text = String(decoding: value, as: UTF8.self)
    guard name.first == UInt8(ascii: ":") else {
      let name = String(decoding: name, as: UTF8.self)
      if name == "content-length" { self.expectedBodyBytes = Int(text) }
      return self.request.fields.append(name, text)
    }
    switch name.count > 1 ? name[1] : 0 {
    case UInt8(ascii: "m"): self.request.method = text
    case UInt8(ascii: "s"): self.request.scheme = text
    case UInt8(ascii: "a"): self.request.authority = text
    case UInt8(ascii: "p") where name.elementsEqual(":path".utf8): self.request.target = text
    default: break
    }
  }
}

extension nghttp2_frame_hd {
  /// Whether the frame is the last of its side of the stream.
  var endsStream: Bool {
    (self.type == UInt8(NGHTTP2_HEADERS.rawValue) || self.type == UInt8(NGHTTP2_DATA.rawValue))
      && self.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
  }
}
