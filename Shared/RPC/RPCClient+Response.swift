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
    guard response.status == 200 else { throw await self.error(of: response, codec) }
    guard codec == self.codec else {
      let type = response.fields["content-type"] ?? ""
      throw RPCError(
        type.hasPrefix("application/") ? .internal : .unknown,
        "the response is not \(self.codec.contentType)",
        details: [.errorInfo(reason: "WRONG_CONTENT_TYPE")]
      )
    }
    let body = try await self.content(of: response)
    let decoded = await computing(body.count) { [codec = self.codec] () -> Response? in
      switch codec {
      case .json:
        var options = JSONDecodingOptions()
        options.ignoreUnknownFields = true
        return try? Response(jsonUTF8Bytes: body, options: options)
      case .proto: return try? Response(serializedBytes: body)
      }
    }
    guard let decoded else {
      throw RPCError(
        .internal,
        "the response is no \(Response.protoMessageName)",
        details: [.errorInfo(reason: "INVALID_RESPONSE")]
      )
    }
    return decoded
  }

  private func error(of response: HTTPResponse, _ codec: Codec?) async -> RPCError {
    let body: [UInt8]
    do { body = try await self.content(of: response) } catch { return error }
    return RPCError(status: response.status, body: codec == .json ? body : [])
  }

  /// The body without its content encoding.
  private func content(of response: HTTPResponse) async throws(RPCError) -> [UInt8] {
    let limit = self.maxResponseBytes
    let tooLarge = RPCError(
      .resourceExhausted,
      "the response is larger than \(limit) bytes",
      details: [.errorInfo(reason: "RESPONSE_TOO_LARGE")]
    )
    let body = response.body
    guard body.count <= limit else { throw tooLarge }
    switch response.fields["content-encoding"]?.lowercased() {
    case nil, "identity": return body
    case "gzip" where body.isEmpty: return body
    case "gzip":
      let inflated = await computing(body.count) {
        Result { () throws(Gzip.Failure) in try Gzip.inflate(body, limit: limit) }
      }
      switch inflated {
      case .success(let content): return content
      case .failure(.tooLarge): throw tooLarge
      case .failure(.corrupt):
        throw RPCError(
          .internal,
          "the response is not valid gzip",
          details: [.errorInfo(reason: "INVALID_GZIP")]
        )
      }
    default:
      throw RPCError(
        .internal,
        "the response has an unknown content encoding",
        details: [.errorInfo(reason: "UNKNOWN_CONTENT_ENCODING")]
      )
    }
  }
}
