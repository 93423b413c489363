import Contracts
import HTTPMessage
import RPC
import SeededRandom
import SwiftProtobuf
import Testing

@Suite struct `Mutated requests` {
  private static let json = #"""
    {"mood":"sad \u00e9\ud83d\ude2d","limit":10,"seed":"7","goal":"GOAL_LIFT","filter":{
    "types":["TITLE_TYPE_MOVIE"],"genresAny":["drama","war"],"minYear":1990,"minScore":6.5e0,
    "includeUnrated":true,"maxAgeRating":null},"unknown":[{"a":[]},-0.1e-2,false]}
    """#

  private static func seeds() throws -> [HTTPRequest] {
    let path = RecommendationMethods.recommend.path
    let json = Array(Self.json.utf8)
    let message = try RecommendRequest(jsonString: #"{"mood":"sad","limit":10,"filter":{}}"#)
    let proto: [UInt8] = try message.serializedBytes()
    return [
      HTTPRequest(
        method: "POST",
        target: path,
        fields: ["content-type": "application/json", "prefer": "handling=strict"],
        body: json
      ),
      HTTPRequest(
        method: "POST",
        target: path,
        fields: ["content-type": "application/json; charset=utf-8", "accept-encoding": "gzip"],
        body: json
      ),
      HTTPRequest(
        method: "POST",
        target: path,
        fields: ["content-type": "application/proto", "connect-timeout-ms": "5000"],
        body: proto
      ),
      HTTPRequest(
        method: "POST",
        target: path,
        fields: ["content-type": "application/json", "content-encoding": "gzip"],
        body: try #require(Gzip.compress(json))
      ),
      HTTPRequest(
        method: "GET",
        target: path + "?connect=v1&encoding=json&message=%7B%22mood%22%3A%22sad%22%7D"
      ),
      HTTPRequest(
        method: "GET",
        target: path + "?base64=1&encoding=proto&compression=identity&message=CgNzYWQ"
      ),
      HTTPRequest(method: "GET", target: "/readyz?verbose"),
    ]
  }

  private static func mutate(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let index = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0..<5, using: &generator) {
      case 0 where index < bytes.count: bytes[index] = .random(in: 0...255, using: &generator)
      case 1 where index < bytes.count: bytes.remove(at: index)
      case 2:
        bytes.insert(
          contentsOf: "\"{}[],:\\u0-9e.".utf8.shuffled(using: &generator)[..<2],
          at: index
        )
      case 3: bytes.removeLast(min(bytes.count, Int.random(in: 0...20, using: &generator)))
      default: bytes.insert(contentsOf: bytes[index...].prefix(9), at: index)
      }
    }
    return bytes
  }

  @Test func `10,000 of them get a message or an error in JSON`() async throws {
    let server = TestServer { request, _ in .with { $0.language = request.mood } }
    let seeds = try Self.seeds()
    var generator = SeededGenerator(seed: 20_261_122)
    var statuses: [Int: Int] = [:]
    for round in 0..<10_000 {
      var request = seeds[round % seeds.count]
      let part = Int.random(in: 0..<4, using: &generator)
      if request.body.isEmpty || part == 0 {
        let target = Self.mutate(Array(request.target.utf8), &generator)
        request.target = String(decoding: target, as: UTF8.self)
      } else if part == 1, let field = request.fields.fields.randomElement(using: &generator) {
        let value = Self.mutate(Array(field.value.utf8), &generator)
        request.fields[field.name] = String(decoding: value, as: UTF8.self)
      } else {
        request.body = Self.mutate(request.body, &generator)
      }
      let response = try await server.send(request)
      statuses[response.status, default: 0] += 1
      #expect(response.fields.values(of: "x-request-id").count == 1)
      let type = response.fields["content-type"]
      let isPage = request.path == "/readyz"
      if response.status != 200, !isPage {
        #expect(type == "application/json")
        let error = await response.error
        #expect(error?.reason?.isEmpty == false, "round \(round), status \(response.status)")
      }
    }
    // A loop that only ever saw one kind of answer would prove little.
    #expect(Set([200, 400, 404, 415, 501]).isSubset(of: statuses.keys))
  }
}
