import AsyncHTTPClient
import Foundation
import Hummingbird
import NIOCore
import NIOPosix
import OneHop
import SwiftProtobuf

/// Hummingbird as the server and AsyncHTTPClient as the client of one route, a process each.
@main
enum Program {
  private typealias Mood = Netflixgpt_Emotion_V1_ExtractEmotionsRequest
  private typealias Reading = Netflixgpt_Emotion_V1_ExtractEmotionsResponse

  private struct WrongAnswer: Error {}

  private static let path = "/\(Sample.service)/\(Sample.method)"

  static func main() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    switch Order(CommandLine.arguments) {
    case .serve(let port): try await Self.serve(port, group)
    case .load(let port, let isJSON, let load):
      var configuration = HTTPClient.Configuration()
      configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = load.callers
      let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
      let url = "http://127.0.0.1:\(port)\(Self.path)"
      try await load.run { try await Self.call(client, url, isJSON) }
      try await client.shutdown()
    case nil:
      print(Order.usage)
      exit(64)
    }
  }

  private static func call(_ client: HTTPClient, _ url: String, _ isJSON: Bool) async throws {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(
      name: "content-type",
      value: isJSON ? "application/json" : "application/proto"
    )
    if isJSON {
      request.body = .bytes(try JSONEncoder().encode(Question(mood: Sample.mood)))
    } else {
      let bytes: [UInt8] = try Mood.with { $0.mood = Sample.mood }.serializedBytes()
      request.body = .bytes(bytes)
    }
    let response = try await client.execute(request, timeout: .seconds(15))
    let body = try await response.body.collect(upTo: 1 << 20)
    let language =
      isJSON
      ? try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView)).language
      : try Reading(serializedBytes: Array(body.readableBytesView)).language
    guard response.status == .ok, language == "en" else { throw WrongAnswer() }
  }

  private static func serve(_ port: Int, _ group: MultiThreadedEventLoopGroup) async throws {
    let answer = try Reading(jsonString: Sample.answer)
    let value = try JSONDecoder().decode(Answer.self, from: Data(Sample.answer.utf8))
    let router = Router()
    router.post(RouterPath(Self.path)) { request, context -> Response in
      if request.headers[.contentType] == "application/json" {
        _ = try await request.decode(as: Question.self, context: context)
        return try context.responseEncoder.encode(value, from: request, context: context)
      }
      let body = try await request.body.collect(upTo: 1 << 20)
      _ = try Mood(serializedBytes: Array(body.readableBytesView))
      let bytes: [UInt8] = try answer.serializedBytes()
      return Response(
        status: .ok,
        headers: [.contentType: "application/proto"],
        body: .init(byteBuffer: ByteBuffer(bytes: bytes))
      )
    }
    let application = Application(
      router: router,
      configuration: .init(address: .hostname("127.0.0.1", port: port)),
      eventLoopGroupProvider: .shared(group)
    )
    try await application.runService()
  }
}
