package import HTTPMessage

extension RPCError {
  /// Error bodies that are larger after decompression are not read.
  private static let maxBodyBytes = 64 << 10

  /// The error that a response to a unary call stands for, or `nil` with status 200.
  ///
  /// A body that can't be read leaves what the status says.
  ///
  /// Source: https://connectrpc.com/docs/protocol#unary-response
  package init?(response: HTTPResponse) {
    guard response.status != 200 else { return nil }
    var body = response.body
    switch response.fields["content-encoding"]?.lowercased() {
    case nil, "identity": break
    case "gzip": body = (try? Gzip.inflate(body, limit: Self.maxBodyBytes)) ?? []
    default: body = []
    }
    let codec = response.fields["content-type"].flatMap(Codec.init(contentType:))
    self.init(status: response.status, body: codec == .json ? body : [])
  }

  /// The error of a status and a body of JSON, which may be any other text.
  init(status: Int, body: [UInt8]) {
    let contents = ErrorBody.decode(body)
    self.init(
      contents?.code ?? Code(inferredFromStatus: status),
      contents?.message ?? "the server answered with status \(status)",
      details: contents?.details ?? []
    )
  }
}
