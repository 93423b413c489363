import HTTPMessage
import SwiftProtobuf

/// A request's message before it is decoded.
struct Payload: Sendable {
  var codec: Codec
  /// Uncompressed.
  var bytes: [UInt8]
  /// Whether unknown fields are errors.
  var isStrict: Bool

  /// Larger bodies are inflated, parsed and compressed away from the connection's event loop.
  static let maxBytesOnLoop = 32 * 1024

  /// The body of a POST.
  nonisolated(nonsending) init(
    posted request: HTTPRequest,
    _ codec: Codec,
    _ fields: CallFields,
    limit: Int
  ) async throws(Refusal) {
    self.codec = codec
    self.isStrict = fields.isStrict && codec == .json
    self.bytes = request.body
    if let encoding = fields.contentEncoding {
      guard encoding == "gzip" else { throw .unknownEncoding }
      try await self.inflate(limit: limit)
    }
    guard self.bytes.count <= limit else { throw .tooLarge(limit: limit) }
  }

  /// The query of a GET.
  ///
  /// Source: https://connectrpc.com/docs/protocol#unary-get-request
  nonisolated(nonsending) init(
    query: Query,
    _ codec: Codec,
    _ fields: CallFields,
    limit: Int
  ) async throws(Refusal) {
    self.codec = codec
    self.isStrict = fields.isStrict && codec == .json
    guard let message = query["message"] else {
      throw Refusal(
        .invalidArgument,
        "the query has no parameter named message",
        reason: "MISSING_MESSAGE"
      )
    }
    if query.text("base64") == "1" {
      guard let bytes = Base64.decode(message) else {
        throw Refusal(
          .invalidArgument,
          "the query's message is not base64",
          reason: "INVALID_BASE64"
        )
      }
      self.bytes = bytes
    } else {
      self.bytes = message
    }
    switch query.text("compression") {
    case nil, "", "identity": break
    case "gzip": try await self.inflate(limit: limit)
    default: throw .unknownEncoding
    }
    guard self.bytes.count <= limit else { throw .tooLarge(limit: limit) }
  }

  /// The one envelope of a stream's request.
  ///
  /// Source: https://connectrpc.com/docs/protocol#streaming-request
  nonisolated(nonsending) init(
    enveloped request: HTTPRequest,
    _ codec: Codec,
    _ fields: CallFields,
    limit: Int
  ) async throws(Refusal) {
    self.codec = codec
    self.isStrict = fields.isStrict && codec == .json
    var reader = Envelope.Reader()
    reader.append(request.body)
    let envelope: Envelope?
    let isLast: Bool
    do throws(Envelope.Failure) {
      envelope = try reader.next(limit: limit)
      isLast = reader.isEmpty
    } catch {
      throw error == .tooLarge ? Refusal.tooLarge(limit: limit) : .malformedEnvelope
    }
    guard let envelope, isLast else { throw .wrongMessageCount }
    guard envelope.flags & Envelope.end == 0 else { throw .malformedEnvelope }
    self.bytes = envelope.payload
    guard fields.streamEncoding == nil || fields.streamEncoding == "gzip" else {
      throw .unknownEncoding
    }
    if envelope.flags & Envelope.compressed != 0 {
      guard fields.streamEncoding != nil else {
        throw Refusal(
          .internal,
          "the message is compressed, and no header field says how",
          reason: "UNKNOWN_CONTENT_ENCODING"
        )
      }
      try await self.inflate(limit: limit)
    }
  }

  nonisolated(nonsending) private mutating func inflate(limit: Int) async throws(Refusal) {
    // Connect: a body of length zero is never decompressed.
    guard !self.bytes.isEmpty else { return }
    let bytes = self.bytes
    let result = await computing(bytes.count) {
      Result { () throws(Gzip.Failure) in try Gzip.inflate(bytes, limit: limit) }
    }
    switch result {
    case .success(let content): self.bytes = content
    case .failure(.tooLarge): throw .tooLarge(limit: limit)
    case .failure(.corrupt):
      throw Refusal(.invalidArgument, "the body is not valid gzip", reason: "INVALID_GZIP")
    }
  }

  /// The message, or an `invalid_argument` that names the field at fault; `resource_exhausted` where
  /// it holds more messages than any request needs.
  nonisolated(nonsending) func decoded<M: Message & Sendable>(
    _ type: M.Type,
    by shapes: MessageShapes
  ) async throws(RPCError) -> M {
    try await computing(self.bytes.count) {
      Result { () throws(RPCError) in
        let name = M.protoMessageName
        guard !MessageCount.isExceeded(by: self.bytes, self.codec, as: name, in: shapes) else {
          throw Refusal.tooManyMessages.error
        }
        return switch self.codec {
        case .json: try self.decodedJSON(type, by: shapes)
        case .proto: try self.decodedProto(type)
        }
      }
    }.get()
  }

  private func decodedProto<M: Message>(_ type: M.Type) throws(RPCError) -> M {
    do { return try M(serializedBytes: self.bytes) } catch {
      throw .invalid(
        field: "",
        "the body is no \(M.protoMessageName) in protobuf's binary form",
        reason: "INVALID_PROTO"
      )
    }
  }

  private func decodedJSON<M: Message>(
    _ type: M.Type,
    by shapes: MessageShapes
  ) throws(RPCError) -> M {
    guard !self.bytes.isEmpty else {
      throw .invalid(
        field: "",
        "the body is empty; an empty message is {}",
        reason: "EMPTY_BODY"
      )
    }
    if let message = try? M(jsonUTF8Bytes: self.bytes) { return message }
    try JSONInspection.check(
      self.bytes,
      as: M.protoMessageName,
      in: shapes,
      refusesUnknownFields: self.isStrict
    )
    // This option also drops enum values of unknown name, which the inspection has refused.
    var options = JSONDecodingOptions()
    options.ignoreUnknownFields = true
    do { return try M(jsonUTF8Bytes: self.bytes, options: options) } catch {
      throw .invalid(
        field: "",
        "the JSON is no \(M.protoMessageName)",
        reason: "INVALID_JSON"
      )
    }
  }
}

/// Runs `work`, away from the caller's event loop when it is about many bytes.
nonisolated(nonsending) func computing<Value: Sendable>(
  _ bytes: Int,
  _ work: @escaping @Sendable () -> Value
) async -> Value {
  guard bytes > Payload.maxBytesOnLoop else { return work() }
  return await withTaskExecutorPreference(globalConcurrentExecutor) { work() }
}
