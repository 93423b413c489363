package import RPC
package import SwiftProtobuf

/// A message as gRPC frames it: a flag, its length in four bytes, its bytes.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
package enum GRPCFrame {
  /// The flag and the length.
  static let prefixBytes = 5

  /// Returns the one frame of a message of at most `limit` bytes.
  package static func encode(_ message: some Message, limit: Int) throws(RPCError) -> [UInt8] {
    let payload: [UInt8]
    do { payload = try message.serializedBytes() } catch {
      throw RPCError(.internal, "the request could not be written")
    }
    guard payload.count <= limit, let length = UInt32(exactly: payload.count) else {
      throw RPCError(
        .resourceExhausted,
        "the request has \(payload.count) bytes, more than \(limit)",
        details: [.errorInfo(reason: "REQUEST_TOO_LARGE")]
      )
    }
    var frame: [UInt8] = [0]
    frame.reserveCapacity(self.prefixBytes + payload.count)
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      frame.append(UInt8(truncatingIfNeeded: length >> shift))
    }
    frame.append(contentsOf: payload)
    return frame
  }

  /// Returns the message of a body that is exactly one frame.
  ///
  /// We ask for no compression, so a compressed frame is as wrong as a missing one.
  package static func decode<Response: Message>(
    _ body: [UInt8],
    limit: Int
  ) throws(RPCError) -> Response {
    guard body.count >= self.prefixBytes else { throw self.malformed("holds no message") }
    guard body[0] == 0 else { throw self.malformed("is compressed, which was not asked for") }
    let length = body[1..<self.prefixBytes].reduce(0) { length, byte in length << 8 | Int(byte) }
    guard length <= limit else {
      throw RPCError(
        .resourceExhausted,
        "the answer has \(length) bytes, more than \(limit)",
        details: [.errorInfo(reason: "RESPONSE_TOO_LARGE")]
      )
    }
    guard body.count == self.prefixBytes + length else {
      throw self.malformed("is cut off or holds more than one message")
    }
    do { return try Response(serializedBytes: Array(body[self.prefixBytes...])) } catch {
      throw self.malformed("cannot be read")
    }
  }

  private static func malformed(_ problem: String) -> RPCError {
    RPCError(
      .internal,
      "the server's answer \(problem)",
      details: [.errorInfo(reason: "MALFORMED_ANSWER")]
    )
  }
}
