import GRPCCore
import GRPCNIOTransportHTTP2Posix
import GRPCProtobuf
import Glibc
import NIOPosix
import OneHop
import SwiftProtobuf

/// grpc-swift-2's server and client of one method, a process each.
@main
enum Program {
  private typealias Request = Netflixgpt_Emotion_V1_ExtractEmotionsRequest
  private typealias Response = Netflixgpt_Emotion_V1_ExtractEmotionsResponse

  private static let method = MethodDescriptor(
    fullyQualifiedService: Sample.service,
    method: Sample.method
  )

  static func main() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    switch Order(CommandLine.arguments) {
    case .serve(let port): try await Self.serve(port, group)
    case .load(let port, isJSON: false, let load):
      let transport = try HTTP2ClientTransport.Posix(
        target: .ipv4(address: "127.0.0.1", port: port),
        transportSecurity: .plaintext,
        eventLoopGroup: group
      )
      try await withGRPCClient(transport: transport) { client in
        let shared = client
        try await load.run { try await Self.call(shared) }
      }
    default:
      print(Order.usage)
      exit(64)
    }
  }

  private static func call(_ client: GRPCClient<HTTP2ClientTransport.Posix>) async throws {
    var options = CallOptions.defaults
    options.timeout = .seconds(15)
    let answer = try await client.unary(
      request: ClientRequest(message: Request.with { $0.mood = Sample.mood }),
      descriptor: Self.method,
      serializer: ProtobufSerializer<Request>(),
      deserializer: ProtobufDeserializer<Response>(),
      options: options
    ) { try $0.message }
    guard answer.language == "en" else {
      throw RPCError(code: .internalError, message: "another answer")
    }
  }

  private static func serve(_ port: Int, _ group: MultiThreadedEventLoopGroup) async throws {
    let answer = try Response(jsonString: Sample.answer)
    let transport = HTTP2ServerTransport.Posix(
      address: .ipv4(host: "127.0.0.1", port: port),
      transportSecurity: .plaintext,
      eventLoopGroup: group
    )
    var router = RPCRouter<HTTP2ServerTransport.Posix>()
    router.registerHandler(
      forMethod: Self.method,
      deserializer: ProtobufDeserializer<Request>(),
      serializer: ProtobufSerializer<Response>()
    ) { stream, _ in
      _ = try await ServerRequest(stream: stream)
      return StreamingServerResponse(single: ServerResponse(message: answer))
    }
    try await GRPCServer(transport: transport, router: router).serve()
  }
}
