import GRPCWire
import HTTPMessage
import SwiftProtobuf

@testable import MilvusStore

/// A client of a Milvus that answers by a script, for moments that a real one cannot be brought to.
///
/// The script is given a method's name and a call's message as bytes.
func scriptedMilvus(
  _ answer: @escaping @Sendable (_ method: String, _ request: [UInt8]) throws -> any Message
) -> MilvusClient {
  MilvusClient(
    send: { request in
      let method = request.path.split(separator: "/").last.map(String.init) ?? ""
      var response = HTTPResponse(status: 200, fields: ["content-type": "application/grpc"])
      // After the five bytes of the frame.
      response.body = try GRPCFrame.encode(
        answer(method, Array(request.body.dropFirst(5))),
        limit: 64 << 20
      )
      response.trailers = ["grpc-status": "0"]
      return response
    },
    database: "",
    credentials: .none
  )
}
