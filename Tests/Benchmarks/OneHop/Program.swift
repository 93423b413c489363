import Contracts
import Glibc
import HTTPClient
import HTTPServer
import NIOPosix
import RPC
import SwiftProtobuf

/// Our server and our client of one method, a process each.
@main
enum Program {
  private typealias Response = Netflixgpt_Emotion_V1_ExtractEmotionsResponse

  static func main() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    switch Order(CommandLine.arguments) {
    case .serve(let port): try await Self.serve(port, group)
    case .load(let port, let isJSON, let load):
      let http = HTTP2Client(host: "127.0.0.1", port: port, group: group)
      let client = try RPCClient(
        baseURL: "http://127.0.0.1:\(port)",
        send: http.handler,
        codec: isJSON ? .json : .proto
      )
      try await load.run {
        let answer = try await client.call(
          EmotionMethods.extractEmotions,
          .with { $0.mood = Sample.mood }
        )
        guard answer.language == "en" else { throw RPCError(.internal, "another answer") }
      }
    case nil:
      print(Order.usage)
      exit(64)
    }
  }

  private static func serve(_ port: Int, _ group: MultiThreadedEventLoopGroup) async throws {
    let answer = try Response(jsonString: Sample.answer)
    var methods = RPCServer(schema: Schema.fileDescriptorSet, health: Health())
    methods.register(EmotionMethods.extractEmotions) { _, _ in answer }
    let server = methods
    let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: port, group: group) {
      server.response(to: $0, $1)
    }
    try await withHTTPServer(configuration, handler: { await server.handle($0) }) { _ in
      try await Task.sleep(for: .seconds(3600))
    }
  }
}
