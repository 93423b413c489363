import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `A body of many messages` {
  private let server = TestServer()

  private func post(_ bytes: [UInt8], _ type: String) async throws -> HTTPResponse {
    let gzip = try #require(Gzip.compress(bytes))
    return try await self.server.post(
      TestServer.echo.path,
      bytes: gzip,
      ["content-type": type, "content-encoding": "gzip"]
    )
  }

  /// `count` empty filters, which a decoder merges one after the other.
  private func filters(_ count: Int) -> [UInt8] {
    // Field 3 of the request, and no bytes.
    (0..<count).flatMap { _ -> [UInt8] in [0x1A, 0] }
  }

  @Test func `is refused before they are made`() async throws {
    let response = try await self.post(self.filters(2_000_000), "application/proto")
    #expect(response.status == 429)
    #expect(await response.error?.reason == "TOO_MANY_MESSAGES")
    // After a group of no fields, whose number nothing has.
    let grouped = [0xBB, 0x06, 0xBC, 0x06] + self.filters(2_000_000)
    #expect(try await self.post(grouped, "application/proto").status == 429)
    let objects = #"{"unknown":["# + String(repeating: "{},", count: 700_000) + "{}]}"
    let other = try await self.post(Array(objects.utf8), "application/json")
    #expect(await other.error?.reason == "TOO_MANY_MESSAGES")
  }

  @Test func `is read up to 50,000`() async throws {
    let fitting = self.filters(49_999) + [0x0A, 4] + Array("calm".utf8)
    #expect(try await self.post(fitting, "application/proto").status == 200)
    let more = self.filters(50_000) + [0x0A, 4] + Array("calm".utf8)
    #expect(try await self.post(more, "application/proto").status == 429)
  }

  @Test func `counts no braces in a text`() async throws {
    let text = String(repeating: #"{{{\"{{"#, count: 30_000)
    let response = try await self.post(Array(#"{"mood":"\#(text)"}"#.utf8), "application/json")
    #expect(response.status == 200)
  }
}
