package import HTTPMessage
package import RPC

/// The outcome of a call, which a server writes into the trailers, or into the header of an answer
/// without a body.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses
package enum GRPCStatus {
  /// Characters of a server's message that are passed on.
  private static let maxMessageCharacters = 500

  /// Whether the header fields are those of a gRPC call, or of the answer to one.
  package static func isGRPC(_ fields: HeaderFields) -> Bool {
    fields["content-type"]?.hasPrefix("application/grpc") ?? false
  }

  /// Throws what the server says is wrong.
  package static func check(_ response: HTTPResponse) throws(RPCError) {
    let trailers = response.trailers["grpc-status"] == nil ? response.fields : response.trailers
    guard let status = trailers["grpc-status"] else {
      guard response.status == 200 else {
        throw RPCError(
          Code(inferredFromStatus: response.status),
          "the server answered with the HTTP status \(response.status)"
        )
      }
      throw RPCError(.internal, "the server's answer has no status")
    }
    guard status != "0" else { return }
    let text = self.percentDecoded(trailers["grpc-message"] ?? "")
    throw RPCError(
      Int(status).flatMap(Code.init) ?? .unknown,
      String(text.prefix(self.maxMessageCharacters))
    )
  }

  /// Returns the text that a server wrote with `%XX` for bytes beyond ASCII.
  ///
  /// What is no such sequence stays as it is, as the specification asks.
  package static func percentDecoded(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = self.digit(bytes[index + 1]), let low = self.digit(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
