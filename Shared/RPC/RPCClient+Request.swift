import HTTPMessage
import SwiftProtobuf
import Telemetry

extension RPCClient {
  /// The request of a unary call, without its time limit.
  func message<Request, Response>(
    of request: Request,
    _ method: Method<Request, Response>,
    _ fields: HeaderFields,
    _ scope: CallScope,
    _ trace: TraceContext?
  ) async throws(RPCError) -> HTTPRequest {
    let plain = try self.encode(request)
    let compressed = await self.compressed(plain)
    var own: HeaderFields = ["accept-encoding": self.wire.acceptedEncoding]
    if method.idempotency == .noSideEffects, let most = self.wire.maxGetBytes,
      compressed?.count ?? plain.count <= most
    {
      let query = self.query(of: compressed ?? plain, isCompressed: compressed != nil)
      var message = self.request(method.path + query, own, fields, scope, trace)
      message.method = "GET"
      if message.target.utf8.count <= most { return message }
    }
    own.append("content-type", self.codec.contentType)
    own.append("connect-protocol-version", "1")
    if compressed != nil { own.append("content-encoding", "gzip") }
    var message = self.request(method.path, own, fields, scope, trace)
    message.body = compressed ?? plain
    return message
  }

  /// What a GET says in place of a body.
  ///
  /// Source: https://connectrpc.com/docs/protocol#unary-get-request
  private func query(of message: [UInt8], isCompressed: Bool) -> String {
    var query = "?connect=v1&encoding=\(self.codec.rawValue)"
    if isCompressed { query += "&compression=gzip" }
    guard self.codec == .proto || isCompressed else {
      return query + "&message=" + Query.encode(message)
    }
    return query + "&base64=1&message=" + Base64.encodeForURL(message)
  }
}
