package import RPC
import SwiftProtobuf

package typealias UnaryRequest = Connectrpc_Conformance_V1_UnaryRequest
package typealias UnaryResponse = Connectrpc_Conformance_V1_UnaryResponse
package typealias IdempotentUnaryRequest = Connectrpc_Conformance_V1_IdempotentUnaryRequest
package typealias IdempotentUnaryResponse = Connectrpc_Conformance_V1_IdempotentUnaryResponse
package typealias UnimplementedRequest = Connectrpc_Conformance_V1_UnimplementedRequest
package typealias UnimplementedResponse = Connectrpc_Conformance_V1_UnimplementedResponse
package typealias ServerStreamRequest = Connectrpc_Conformance_V1_ServerStreamRequest
package typealias ServerStreamResponse = Connectrpc_Conformance_V1_ServerStreamResponse
package typealias StreamResponseDefinition = Connectrpc_Conformance_V1_StreamResponseDefinition
package typealias ResponseDefinition = Connectrpc_Conformance_V1_UnaryResponseDefinition
package typealias ConformancePayload = Connectrpc_Conformance_V1_ConformancePayload
package typealias ConformanceError = Connectrpc_Conformance_V1_Error
package typealias ConformanceCode = Connectrpc_Conformance_V1_Code
package typealias Header = Connectrpc_Conformance_V1_Header
package typealias ClientCompatRequest = Connectrpc_Conformance_V1_ClientCompatRequest
package typealias ClientResponseResult = Connectrpc_Conformance_V1_ClientResponseResult

/// The methods of `connectrpc.conformance.v1.ConformanceService` that have one request.
package enum ConformanceMethods {
  package static let service = "connectrpc.conformance.v1.ConformanceService"
  package static let unary = Method<UnaryRequest, UnaryResponse>(service, "Unary", .unknown)
  package static let idempotentUnary = Method<IdempotentUnaryRequest, IdempotentUnaryResponse>(
    service,
    "IdempotentUnary",
    .noSideEffects
  )
  package static let serverStream = StreamMethod<ServerStreamRequest, ServerStreamResponse>(
    service,
    "ServerStream",
    .unknown
  )
  /// Known to clients only.
  package static let unimplemented = Method<UnimplementedRequest, UnimplementedResponse>(
    service,
    "Unimplemented",
    .unknown
  )
}

/// The descriptors of all messages of the conformance service.
package let conformanceSchema = PackageResources.schema_binpb

/// Lets an `Any` be written as JSON whatever message of the conformance cases it holds.
package func registerMessagesForAny() {
  let types: [any Message.Type] = [
    UnaryRequest.self, UnaryResponse.self, IdempotentUnaryRequest.self,
    IdempotentUnaryResponse.self, UnimplementedRequest.self, UnimplementedResponse.self,
    ServerStreamRequest.self, ServerStreamResponse.self,
    ConformancePayload.RequestInfo.self, Google_Protobuf_FileDescriptorProto.self,
    Google_Rpc_ErrorInfo.self, Google_Rpc_RequestInfo.self, Google_Rpc_BadRequest.self,
  ]
  for type in types { Google_Protobuf_Any.register(messageType: type) }
}
