import HTTPMessage
import SwiftProtobuf

extension RPCClient {
  /// The message of a response, or the error that it stands for.
  ///
  /// Source: https://connectrpc.com/docs/protocol#unary-response
  func read<Response: Message & Sendable>(
    _ response: HTTPResponse
  ) async throws(RPCError) -> Response {
    let codec = response.fields["content-type"].flatMap(Codec.init(contentType:))
    guard response.status == 200 else { throw await self.error(of: response) }
    guard codec == self.codec else {
      let type = response.fields["content-type"] ?? ""
      throw RPCError(
        type.hasPrefix("application/") ? .internal : .unknown,
        "the response is not \(self.codec.contentType)",
        details: [.errorInfo(reason: "WRONG_CONTENT_TYPE")]
      )
    }
    let body = try await self.content(of: response)
    let decoded: Response? = await self.codec.decode(body)
    guard let decoded else {
      throw RPCError(
        .internal,
        "the response is no \(Response.protoMessageName)",
        details: [.errorInfo(reason: "INVALID_RESPONSE")]
      )
    }
    return decoded
  }

  /// The error that a response stands for.
  func error(of response: HTTPResponse) async -> RPCError {
    let (headers, trailers) = response.fields.splitTrailers
    var metadata = headers
    for field in trailers.fields { metadata.append(field.name, field.value) }
    let body: [UInt8]
    do { body = try await self.content(of: response) } catch {
      var error = error
      error.metadata = metadata
      return error
    }
    let codec = response.fields["content-type"].flatMap(Codec.init(contentType:))
    var error = RPCError(status: response.status, body: codec == .json ? body : [])
    error.metadata = metadata
    return error
  }

  /// The body without its content encoding.
  private func content(of response: HTTPResponse) async throws(RPCError) -> [UInt8] {
    let limit = self.maxResponseBytes
    let body = response.body
    guard body.count <= limit else { throw .responseTooLarge(limit: limit) }
    switch response.fields["content-encoding"]?.lowercased() {
    case nil, "identity": return body
    case "gzip": return try await Gzip.content(of: body, limit: limit)
    default:
      throw RPCError(
        .internal,
        "the response has an unknown content encoding",
        details: [.errorInfo(reason: "UNKNOWN_CONTENT_ENCODING")]
      )
    }
  }
}
