import HTTPMessage
import Testing

@testable import Admission

@Suite struct `Pages of other sites` {
  private static func preflight(_ origin: String) -> HTTPRequest {
    HTTPRequest(
      method: "OPTIONS",
      target: "/any",
      fields: ["origin": origin, "access-control-request-method": "POST"]
    )
  }

  @Test(arguments: [
    "", "example.com", "https://a/", "https://", "ftp://a", "*,https://a", "https:/a",
  ])
  func `are named by their origins`(text: String) {
    #expect(CrossOrigin(text) == nil)
  }

  @Test func `may ask first what they may do`() throws {
    let allowed = try #require(CrossOrigin("https://a.example, http://localhost:3000"))
    let answer = try #require(allowed.preflight(Self.preflight("http://localhost:3000")))
    #expect(answer.status == 204)
    #expect(answer.fields["access-control-allow-origin"] == "http://localhost:3000")
    #expect(answer.fields["access-control-allow-methods"] == "GET, POST")
    #expect(answer.fields["access-control-max-age"] == "7200")
    #expect(answer.fields["vary"] == "origin")
    #expect(allowed.preflight(Self.preflight("https://b.example")) == nil)
    #expect(allowed.preflight(HTTPRequest(method: "OPTIONS", target: "/")) == nil)
  }

  @Test func `may read answers, with what these say in their fields`() throws {
    let allowed = try #require(CrossOrigin("https://a.example"))
    var response = HTTPResponse(status: 401)
    allowed.mark(&response, to: Self.preflight("https://a.example"))
    #expect(response.fields["access-control-allow-origin"] == "https://a.example")
    #expect(response.fields["access-control-expose-headers"]?.contains("Retry-After-Ms") == true)
    var other = HTTPResponse(status: 200)
    allowed.mark(&other, to: Self.preflight("https://b.example"))
    #expect(other.fields.fields.isEmpty)
  }

  @Test func `may all be allowed`() throws {
    let all = try #require(CrossOrigin("*"))
    let answer = try #require(all.preflight(Self.preflight("null")))
    #expect(answer.fields["access-control-allow-origin"] == "*")
  }
}
