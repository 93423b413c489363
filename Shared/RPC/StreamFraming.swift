import HTTPMessage

/// How the messages of a stream stand in the body of its response.
struct StreamFraming: Sendable {
  enum Form: Sendable, Hashable {
    /// Connect's envelopes.
    case envelopes
    /// Server-sent events named "message", then one named "end" or "error".
    ///
    /// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
    case events
    /// JSON objects, one a line: `{"message":…}`, then `{"end":…}` or `{"error":…}`.
    case lines
  }

  let form: Form
  let codec: Codec
  /// Larger messages are compressed, if the caller takes them so.
  var compressAboveBytes: Int?

  /// What a request asks for, or `nil` where no form of ours is among it.
  ///
  /// Events and lines are for those who send plain JSON and say that they take them.
  init?(_ fields: CallFields) {
    guard let contentType = fields.contentType else { return nil }
    if let codec = Codec(streamContentType: contentType) {
      self.form = .envelopes
      self.codec = codec
      return
    }
    guard Codec(contentType: contentType) == .json, let accept = fields.accept else { return nil }
    if CallFields.names("text/event-stream", in: accept) {
      self.form = .events
    } else if CallFields.names("application/x-ndjson", in: accept) {
      self.form = .lines
    } else {
      return nil
    }
    self.codec = .json
  }

  /// The header fields that say so.
  var fields: HeaderFields {
    var fields: HeaderFields = [:]
    switch self.form {
    case .envelopes:
      fields.append("content-type", self.codec.streamContentType)
      if self.compressAboveBytes != nil { fields.append("connect-content-encoding", "gzip") }
    case .events:
      fields.append("content-type", "text/event-stream")
      fields.append("cache-control", "no-store")
    case .lines:
      fields.append("content-type", "application/x-ndjson")
      fields.append("cache-control", "no-store")
    }
    return fields
  }

  nonisolated(nonsending) func frame(_ message: [UInt8]) async -> [UInt8] {
    switch self.form {
    case .envelopes:
      if let compressAboveBytes, message.count > compressAboveBytes {
        let compressed = await computing(message.count) { Gzip.compress(message) }
        if let compressed, compressed.count < message.count {
          return Envelope(flags: Envelope.compressed, payload: compressed).bytes
        }
      }
      return Envelope(flags: 0, payload: message).bytes
    case .events: return Array("event: message\ndata: ".utf8) + message + Array("\n\n".utf8)
    case .lines: return Array("{\"message\":".utf8) + message + Array("}\n".utf8)
    }
  }

  /// What tells that no message follows.
  func end(_ error: RPCError?, _ trailers: HeaderFields) -> [UInt8] {
    if self.form == .envelopes {
      let payload = Array(EndStream.encode(error, trailers).utf8)
      return Envelope(flags: Envelope.end, payload: payload).bytes
    }
    let name = error == nil ? "end" : "error"
    let data = error.map(ErrorBody.text) ?? EndStream.encode(nil, trailers)
    return Array(
      (self.form == .events ? "event: \(name)\ndata: \(data)\n\n" : "{\"\(name)\":\(data)}\n").utf8
    )
  }

  /// What shows that the server is still there, where a form has such a thing.
  var heartbeat: [UInt8]? { self.form == .events ? Array(":\n\n".utf8) : nil }
}

extension Codec {
  /// As in "application/connect+json".
  package var streamContentType: String {
    switch self {
    case .json: "application/connect+json"
    case .proto: "application/connect+proto"
    }
  }

  /// The codec of a stream's `Content-Type`, whatever its parameters are, or `nil` for another type.
  package init?(streamContentType: String) {
    let type = streamContentType.prefix { $0 != ";" }.lowercased()
    switch type.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
    case ["application/connect+json"]: self = .json
    case ["application/connect+proto"]: self = .proto
    default: return nil
    }
  }
}
