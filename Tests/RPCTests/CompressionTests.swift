import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `Compression` {
  let server = TestServer()
  let path = RecommendationMethods.recommend.path

  private func gzip(_ text: String) throws -> [UInt8] {
    try #require(Gzip.compress(Array(text.utf8)))
  }

  @Test(arguments: [0, 1, 1000, 32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 1_000_000])
  func `what is compressed inflates to itself`(count: Int) throws {
    var state: UInt32 = 7
    let bytes = (0..<count).map { _ -> UInt8 in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 28)
    }
    let compressed = try #require(Gzip.compress(bytes))
    #expect(try Gzip.inflate(compressed, limit: count) == bytes)
    #expect(Gzip.compress(bytes) == compressed)
    if count > 0 {
      #expect(throws: Gzip.Failure.tooLarge) { try Gzip.inflate(compressed, limit: count - 1) }
    }
  }

  /// Made by Python's `gzip.compress(b"abc", mtime=0)`.
  @Test func `another's gzip is read`() throws {
    let bytes: [UInt8] = [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xFF, 0x4B, 0x4C, 0x4A, 0x06, 0x00,
      0xC2, 0x41, 0x24, 0x35, 0x03, 0x00, 0x00, 0x00,
    ]
    #expect(try Gzip.inflate(bytes, limit: 3) == Array("abc".utf8))
  }

  @Test func `members follow each other`() throws {
    let members = try self.gzip("one ") + self.gzip("") + self.gzip("two")
    #expect(try Gzip.inflate(members, limit: 7) == Array("one two".utf8))
    #expect(throws: Gzip.Failure.tooLarge) { try Gzip.inflate(members, limit: 6) }
  }

  @Test func `no part of a gzip file is one`() throws {
    let whole = try self.gzip(#"{"mood":"calm"}"#)
    for count in 0..<whole.count {
      #expect(throws: Gzip.Failure.corrupt) {
        try Gzip.inflate(Array(whole[..<count]), limit: 100)
      }
    }
    #expect(throws: Gzip.Failure.corrupt) { try Gzip.inflate(whole + [0], limit: 100) }
  }

  @Test func `a wrong checksum is noticed`() throws {
    var bytes = try self.gzip("calm")
    bytes[bytes.count - 8] ^= 1
    #expect(throws: Gzip.Failure.corrupt) { try Gzip.inflate(bytes, limit: 100) }
  }

  @Test(arguments: ["gzip", "GZIP", "Gzip"])
  func `a compressed request is inflated`(encoding: String) async throws {
    let response = try await self.server.post(
      bytes: try self.gzip(#"{"mood":"calm"}"#),
      ["content-encoding": encoding]
    )
    #expect(response.text == #"{"language":"calm","candidates":4}"#)
  }

  @Test(arguments: ["identity", "Identity"])
  func `identity is an encoding`(encoding: String) async throws {
    let response = try await self.server.post(self.path, "{}", ["content-encoding": encoding])
    #expect(response.status == 200)
  }

  @Test(arguments: ["br", "zstd", "deflate", "gzip, gzip"])
  func `an unknown encoding is 501 and says which are known`(encoding: String) async throws {
    let response = try await self.server.post(self.path, "{}", ["content-encoding": encoding])
    #expect(response.status == 501)
    let error = await response.error
    #expect(error?.code == .unimplemented)
    #expect(error?.message == "the content encoding must be one of gzip, identity")
  }

  @Test func `a body of length zero is not inflated`() async throws {
    let response = try await self.server.post(
      bytes: [],
      ["content-type": "application/proto", "content-encoding": "gzip"]
    )
    #expect(response.status == 200)
  }

  @Test func `10 MB of zeros in 10 KB are refused`() async throws {
    let bomb = try #require(Gzip.compress([UInt8](repeating: 0, count: 10_000_000)))
    #expect(bomb.count < 50_000)
    let response = try await self.server.post(bytes: bomb, ["content-encoding": "gzip"])
    #expect(response.status == 429)
    let error = await response.error
    #expect(error?.code == .resourceExhausted)
    #expect(error?.reason == "MESSAGE_TOO_LARGE")
  }

  @Test func `a damaged body is an invalid argument`() async throws {
    let bytes = try self.gzip(#"{"mood":"calm"}"#).dropLast(9)
    let response = try await self.server.post(
      bytes: Array(bytes),
      ["content-encoding": "gzip"]
    )
    #expect(response.status == 400)
    #expect(await response.error?.reason == "INVALID_GZIP")
  }

  @Test func `a message of the largest size passes, and no larger one`() async throws {
    var limits = RPCLimits()
    limits.maxMessageBytes = 100
    let server = TestServer(limits: limits)
    for (count, status) in [(100, 200), (101, 429)] {
      let message = #"{"mood":""# + String(repeating: "x", count: count - 11) + #""}"#
      #expect(message.utf8.count == count)
      #expect(try await server.post(self.path, message).status == status)
      let compressed = try await server.post(
        bytes: try self.gzip(message),
        ["content-encoding": "gzip"]
      )
      #expect(compressed.status == status)
    }
  }

  private static let long = String(repeating: "calm ", count: 1000)

  @Test(
    arguments: [
      ("gzip", true), ("br, gzip", true), ("br,GZIP;q=0.5", true), ("identity", false),
      ("gzip;q=0", false), ("gzip; q=0.00", false), ("", false), ("gzipped", false),
    ]
  )
  func `a long response is compressed for those who accept it`(
    accepted: String,
    isCompressed: Bool
  ) async throws {
    let response = try await self.server.post(
      self.path,
      #"{"mood":"\#(Self.long)"}"#,
      ["accept-encoding": accepted]
    )
    #expect(response.fields["content-encoding"] == (isCompressed ? "gzip" : nil))
    let body =
      isCompressed ? try Gzip.inflate(response.body, limit: 10_000) : response.body
    #expect(String(decoding: body, as: UTF8.self).contains(Self.long))
  }

  @Test func `who sends gzip and says nothing accepts gzip`() async throws {
    let response = try await self.server.post(
      bytes: try self.gzip(#"{"mood":"\#(Self.long)"}"#),
      ["content-encoding": "gzip"]
    )
    #expect(response.fields["content-encoding"] == "gzip")
  }

  @Test func `a short response and one that gains nothing are not compressed`() async throws {
    let short = try await self.server.post(self.path, "{}", ["accept-encoding": "gzip"])
    #expect(short.fields["content-encoding"] == nil)
    let limits = RPCLimits()
    let server = TestServer(
      limits: limits,
      extend: { server in
        server.route("/noise") { _ in
          var random = SystemRandomNumberGenerator()
          return HTTPResponse(
            status: 200,
            body: (0...limits.compressAboveBytes).map { _ in .random(in: 0...255, using: &random) }
          )
        }
        server.route("/zeros") { _ in
          HTTPResponse(
            status: 200,
            body: [UInt8](repeating: 0, count: limits.compressAboveBytes)
          )
        }
      }
    )
    for path in ["/noise", "/zeros"] {
      let response = try await server.get(path, ["accept-encoding": "gzip"])
      #expect(response.fields["content-encoding"] == nil)
    }
  }

  @Test func `a long error is compressed too`() async throws {
    let server = TestServer { _, _ in throw RPCError(.aborted, Self.long) }
    let response = try await server.post(self.path, "{}", ["accept-encoding": "gzip"])
    #expect(response.fields["content-encoding"] == "gzip")
    #expect(await response.error?.message == Self.long)
  }
}
