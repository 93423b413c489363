import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `GET` {
  let server = TestServer()
  let path = RecommendationMethods.recommend.path

  /// `{"mood":"calm"}` in several spellings.
  @Test(
    arguments: [
      "encoding=json&message=%7B%22mood%22%3A%22calm%22%7D",
      "message=%7B%22mood%22%3A%22calm%22%7D&encoding=json&connect=v1",
      "connect=v1&base64=1&encoding=json&message=eyJtb29kIjoiY2FsbSJ9",
      "base64=0&encoding=json&message=%7b%22mood%22:%22calm%22%7d",
      "utm_source=x&encoding=json&message={\"mood\":\"calm\"}&y",
      "encoding=json&message=%7B%22mood%22:+%22calm%22%7D",
      "encoding=json&compression=identity&message=%7B%22mood%22%3A%22calm%22%7D",
    ]
  )
  func `a query is a request`(query: String) async throws {
    let response = try await self.server.get("\(self.path)?\(query)")
    #expect(response.status == 200)
    #expect(response.fields["content-type"] == "application/json")
    #expect(response.fields["vary"] == "accept-encoding, authorization")
    #expect(response.text == #"{"language":"calm","candidates":4}"#)
  }

  /// The message `{}` and protobuf's field 1 with "?>" and "??", which give "/" and "+" in base64.
  @Test(
    arguments: [
      ("CgI_Pg", "?>"), ("CgI_Pg==", "?>"), ("CgI_Pg%3D%3D", "?>"), ("CgI/Pg", "?>"),
      ("CgI-Pg", ">>"), ("CgI%2BPg", ">>"),
    ]
  )
  func `base64 is read in both alphabets, with and without padding`(
    message: String,
    mood: String
  ) async throws {
    let response = try await self.server.get(
      "\(self.path)?encoding=proto&base64=1&message=\(message)"
    )
    #expect(response.status == 200)
    #expect(response.fields["content-type"] == "application/proto")
    #expect(try RecommendResponse(serializedBytes: response.body).language == mood)
  }

  @Test func `a compressed message is inflated`() async throws {
    let message = try #require(Gzip.compress(Array(#"{"mood":"calm"}"#.utf8)))
    let encoded = message.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let response = try await self.server.get(
      "\(self.path)?encoding=json&compression=gzip&message=\(encoded)"
    )
    #expect(response.text == #"{"language":"calm","candidates":4}"#)
  }

  @Test(
    arguments: [
      ("encoding=json", 400, Code.invalidArgument), ("", 415, .unknown),
      ("message=%7B%7D", 415, .unknown), ("encoding=xml&message=%7B%7D", 415, .unknown),
      ("encoding=json&message=", 400, .invalidArgument),
      ("encoding=json&message=%7B%7D&connect=v2", 400, .invalidArgument),
      ("encoding=json&message=%7B%7D&connect=", 400, .invalidArgument),
      ("encoding=json&message=%7B%7D&compression=br", 501, .unimplemented),
      ("encoding=json&base64=1&message=%7B%7D", 400, .invalidArgument),
      ("encoding=json&base64=1&message=A", 400, .invalidArgument),
      ("encoding=json&base64=1&message=e30%3D%3D", 400, .invalidArgument),
      ("encoding=json&compression=gzip&message=%7B%7D", 400, .invalidArgument),
      ("encoding=json&message=%7", 400, .invalidArgument),
    ]
  )
  func `a query that is no request is refused`(
    query: String,
    status: Int,
    code: Code
  ) async throws {
    let response = try await self.server.get("\(self.path)?\(query)")
    #expect(response.status == status)
    #expect(await response.error?.code == code)
  }

  @Test(arguments: ["", "message=%7B%7D", "encoding=xml&message=%7B%7D"])
  func `a query without a codec is told of its parameter, not of a content type`(
    query: String
  ) async throws {
    let response = try await self.server.get("\(self.path)?\(query)")
    #expect(response.status == 415)
    let message = await response.error?.message
    #expect(message == "the query must say encoding=json or encoding=proto")
  }

  @Test func `an empty message is one in protobuf`() async throws {
    let response = try await self.server.get("\(self.path)?encoding=proto&message=")
    #expect(response.status == 200)
  }

  @Test func `the time limit stays a header`() async throws {
    let response = try await self.server.get(
      "\(self.path)?encoding=json&message=%7B%7D",
      ["connect-timeout-ms": "0"]
    )
    #expect(response.status == 504)
  }
}

@Suite struct `A cached answer to a GET` {
  private let server = TestServer(extend: Self.extend)
  private let target: String = RecommendationMethods.recommend.path + "?encoding=json&message="

  private static func extend(_ server: inout RPCServer) {
    let method = RecommendationMethods.getTitle
    server.register(method, cacheControl: "public, max-age=60") { _, _ in
      .with { $0.title = .with { $0.name = "Alien" } }
    }
  }

  @Test func `has a tag that names its content on every machine`() async throws {
    let calm = try await self.server.get(self.target + "%7B%22mood%22%3A%22calm%22%7D")
    let again = try await TestServer().get(self.target + "%7B%22mood%22%3A+%22calm%22%7D")
    let other = try await self.server.get(self.target + "%7B%22mood%22%3A%22cold%22%7D")
    let calmTag = calm.fields["etag"]
    let tag = try #require(calmTag)
    #expect(tag.hasPrefix("W/\"") && tag.utf8.count == 20)
    #expect(again.fields["etag"] == tag)
    #expect(other.fields["etag"] != tag)
    #expect(calm.fields["cache-control"] == "private, no-cache")
  }

  @Test func `has the same tag compressed`() async throws {
    let mood = String(repeating: "a", count: 1500)
    let target = self.target + "%7B%22mood%22%3A%22\(mood)%22%7D"
    let plain = try await self.server.get(target)
    let compressed = try await self.server.get(target, ["accept-encoding": "gzip"])
    #expect(compressed.fields["content-encoding"] == "gzip")
    #expect(compressed.fields["etag"] == plain.fields["etag"])
  }

  @Test func `is not sent again to those who have it`() async throws {
    let first = try await self.server.get(self.target + "%7B%7D")
    let firstTag = first.fields["etag"]
    let tag = try #require(firstTag)
    let strong = String(tag.dropFirst(2))
    let known: [String] = [tag, "*", "\"x\", \(tag)", strong, "W/\"0\" ,\(tag) , \"y\""]
    for value in known {
      let response = try await self.server.get(self.target + "%7B%7D", ["if-none-match": value])
      #expect(response.status == 304, "\(value)")
      #expect(response.body.isEmpty)
      #expect(response.fields["content-type"] == nil)
      #expect(response.fields["etag"] == tag)
      #expect(response.fields["vary"] == "accept-encoding, authorization")
    }
    let other: String = tag.dropLast(2) + "\""
    for value in ["W/\"0\"", "", ",", other] {
      let response = try await self.server.get(
        self.target + "%7B%7D",
        ["if-none-match": value]
      )
      #expect(response.status == 200, "\(value)")
    }
    let codes = self.server.records.all.map(\.code)
    #expect(codes.allSatisfy { $0 == nil })
  }

  @Test func `is sent whole to those who post`() async throws {
    let tag = try await self.server.get(self.target + "%7B%7D").fields["etag"]
    let response = try await self.server.post(
      RecommendationMethods.recommend.path,
      "{}",
      ["if-none-match": tag ?? "*"]
    )
    #expect(response.status == 200)
    #expect(response.fields["etag"] == nil)
  }

  @Test func `is kept as long as its method says, and errors are not kept`() async throws {
    let path = RecommendationMethods.getTitle.path
    let title = try await self.server.get(path + "?encoding=json&message=%7B%7D")
    #expect(title.fields["cache-control"] == "public, max-age=60")
    let refused = try await self.server.get(path + "?encoding=json")
    #expect(refused.status == 400)
    #expect(refused.fields["cache-control"] == "no-store")
    #expect(refused.fields["etag"] == nil)
    let check = HealthMethods.check.path + "?encoding=json&message=%7B%7D"
    #expect(try await self.server.get(check).fields["cache-control"] == "no-store")
  }
}
