import Contracts
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `Invalid JSON` {
  let server = TestServer(extend: { server in
    server.register(Self.batch) { request, _ in request }
    server.register(Self.embedding) { request, _ in request }
    server.register(Self.retry) { request, _ in request }
    server.register(Self.result) { request, _ in request }
  })

  static let batch = Method<
    Netflixgpt_Recommendation_V1_BatchRecommendRequest,
    Netflixgpt_Recommendation_V1_BatchRecommendRequest
  >("test.v1.Test", "Batch", .unknown)
  static let embedding = Method<
    Netflixgpt_Embedding_V1_Embedding, Netflixgpt_Embedding_V1_Embedding
  >("test.v1.Test", "Embedding", .unknown)
  static let retry = Method<Google_Rpc_RetryInfo, Google_Rpc_RetryInfo>(
    "test.v1.Test",
    "Retry",
    .unknown
  )
  static let result = Method<
    Netflixgpt_Recommendation_V1_BatchRecommendResult,
    Netflixgpt_Recommendation_V1_BatchRecommendResult
  >("test.v1.Test", "Result", .unknown)

  struct Row: Sendable, CustomTestStringConvertible {
    var path = RecommendationMethods.recommend.path
    var json: String
    var field: String
    var description: String
    var reason: String

    init(
      _ json: String,
      _ field: String,
      _ description: String,
      _ reason: String,
      to path: String = RecommendationMethods.recommend.path
    ) {
      self.path = path
      self.json = json
      self.field = field
      self.description = description
      self.reason = reason
    }

    var testDescription: String { self.json }
  }

  private func expect(_ row: Row, _ fields: HeaderFields = [:]) async throws {
    let response = try await self.server.post(row.path, row.json, fields)
    #expect(response.status == 400)
    let error = try #require(await response.error)
    #expect(error.code == .invalidArgument)
    #expect(error.reason == row.reason)
    let violation = error.detail(Google_Rpc_BadRequest.self)?.fieldViolations.first
    #expect(violation?.field == row.field)
    #expect(violation?.description_p == row.description)
    let start = row.field.isEmpty ? "" : "\(row.field): "
    #expect(error.message == start + row.description)
  }

  @Test(
    arguments: [
      Row(#"{"mood":5}"#, "mood", "expected a string, found a number", "WRONG_TYPE"),
      Row(#"{"mood":{}}"#, "mood", "expected a string, found an object", "WRONG_TYPE"),
      Row(#"{"limit":"ten"}"#, "limit", "expected an integer, found a string", "WRONG_TYPE"),
      Row(#"{"limit":true}"#, "limit", "expected an integer, found a boolean", "WRONG_TYPE"),
      Row(#"{"limit":1.5}"#, "limit", "expected an integer, found a fraction", "WRONG_TYPE"),
      Row(
        #"{"filter":{"minYear":"x"}}"#,
        "filter.minYear",
        "expected an integer, found a string",
        "WRONG_TYPE"
      ),
      Row(
        #"{"filter":{"min_year":[]}}"#,
        "filter.minYear",
        "expected an integer, found a list",
        "WRONG_TYPE"
      ),
      Row(#"{"filter":[]}"#, "filter", "expected an object, found a list", "WRONG_TYPE"),
      Row(
        #"{"filter":{"genresAny":"drama"}}"#,
        "filter.genresAny",
        "expected a list, found a string",
        "WRONG_TYPE"
      ),
      Row(
        #"{"filter":{"genresAny":["drama","war",3]}}"#,
        "filter.genresAny[2]",
        "expected a string, found a number",
        "WRONG_TYPE"
      ),
      Row(
        #"{"filter":{"genresAny":[null]}}"#,
        "filter.genresAny[0]",
        "expected a string, found null",
        "WRONG_TYPE"
      ),
      Row(
        #"{"filter":{"minScore":"high"}}"#,
        "filter.minScore",
        "expected a number, found a string",
        "WRONG_TYPE"
      ),
      Row(
        #"{"filter":{"includeUnrated":"true"}}"#,
        "filter.includeUnrated",
        "expected a boolean, found a string",
        "WRONG_TYPE"
      ),
      Row("[]", "", "expected an object, found a list", "WRONG_TYPE"),
      Row("null", "", "expected an object, found null", "WRONG_TYPE"),
    ]
  )
  func `a value of the wrong type is named`(row: Row) async throws {
    try await self.expect(row)
  }

  @Test(
    arguments: [
      Row(#"{"limit":2147483648}"#, "limit", "must be -2147483648...2147483647", "OUT_OF_RANGE"),
      Row(#"{"limit":-1e10}"#, "limit", "must be -2147483648...2147483647", "OUT_OF_RANGE"),
      Row(#"{"limit":1e999}"#, "limit", "must be -2147483648...2147483647", "OUT_OF_RANGE"),
      Row(#"{"seed":-1}"#, "seed", "must be 0...4294967295", "OUT_OF_RANGE"),
      Row(#"{"seed":"4294967296"}"#, "seed", "must be 0...4294967295", "OUT_OF_RANGE"),
      Row(
        #"{"values":[0.5,1e39]}"#,
        "values[1]",
        "must be -3.4028234663852886e+38...3.4028234663852886e+38",
        "OUT_OF_RANGE",
        to: Self.embedding.path
      ),
    ]
  )
  func `a number out of its type's range is named`(row: Row) async throws {
    try await self.expect(row)
  }

  @Test(
    arguments: [
      Row(
        #"{"goal":"LIFT"}"#,
        "goal",
        "must be one of GOAL_UNSPECIFIED, GOAL_MATCH, GOAL_LIFT",
        "UNKNOWN_VALUE"
      ),
      Row(#"{"goal":true}"#, "goal", "expected the name of a value, found a boolean", "WRONG_TYPE"),
      Row(
        #"{"filter":{"types":["TITLE_TYPE_MOVIE","FILM"]}}"#,
        "filter.types[1]",
        "must be one of TITLE_TYPE_UNSPECIFIED, TITLE_TYPE_MOVIE, TITLE_TYPE_SHOW",
        "UNKNOWN_VALUE"
      ),
      Row(
        #"{"unknown":[{"a":null}],"goal":"LIFT"}"#,
        "goal",
        "must be one of GOAL_UNSPECIFIED, GOAL_MATCH, GOAL_LIFT",
        "UNKNOWN_VALUE"
      ),
    ]
  )
  func `an unknown value lists the known ones`(row: Row) async throws {
    try await self.expect(row)
  }

  @Test(
    arguments: [
      Row(
        #"{"requests":[{"mood":"a"},{"filter":{"minYear":{}}}]}"#,
        "requests[1].filter.minYear",
        "expected an integer, found an object",
        "WRONG_TYPE",
        to: Self.batch.path
      ),
      Row(
        #"{"reason":"A","metadata":{"a":"b","c":5}}"#,
        #"metadata["c"]"#,
        "expected a string, found a number",
        "WRONG_TYPE",
        to: TestServer.echoMap.path
      ),
      Row(
        #"{"metadata":[]}"#,
        "metadata",
        "expected an object, found a list",
        "WRONG_TYPE",
        to: TestServer.echoMap.path
      ),
      Row(
        #"{"packed":"a"}"#,
        "packed",
        "expected base64",
        "INVALID_BASE64",
        to: Self.embedding.path
      ),
      Row(
        #"{"packed":[1]}"#,
        "packed",
        "expected base64 in a string, found a list",
        "WRONG_TYPE",
        to: Self.embedding.path
      ),
      Row(
        #"{"retryDelay":"soon"}"#,
        "retryDelay",
        #"expected a duration such as "1.5s""#,
        "INVALID_TEXT",
        to: Self.retry.path
      ),
      Row(
        #"{"retryDelay":1}"#,
        "retryDelay",
        #"expected a duration such as "1.5s", found a number"#,
        "WRONG_TYPE",
        to: Self.retry.path
      ),
      Row(
        #"{"response":{},"failure":{}}"#,
        "failure",
        "only one field of its group may be set",
        "CONFLICTING_FIELDS",
        to: Self.result.path
      ),
      Row(
        #"{"failure":{"code":1}}"#,
        "failure.code",
        "expected a string, found a number",
        "WRONG_TYPE",
        to: Self.result.path
      ),
    ]
  )
  func `the path leads through lists, maps, oneofs and bytes`(row: Row) async throws {
    try await self.expect(row)
  }

  @Test(
    arguments: [
      Row(
        #"{"mood":"\ud800"}"#,
        "mood",
        "holds half of a surrogate pair, which is no character",
        "INVALID_TEXT"
      ),
      Row(
        #"{"filter":{"genresAny":["\ud83d\u0041"]}}"#,
        "filter.genresAny[0]",
        "holds half of a surrogate pair, which is no character",
        "INVALID_TEXT"
      ),
      Row(
        #"{"mood":"\udc00"}"#,
        "mood",
        "holds half of a surrogate pair, which is no character",
        "INVALID_TEXT"
      ),
    ]
  )
  func `half a character is no text`(row: Row) async throws {
    try await self.expect(row)
  }

  @Test func `a whole pair is a character`() async throws {
    let response = try await self.server.post(
      RecommendationMethods.recommend.path,
      #"{"mood":"\ud83d\ude2d"}"#
    )
    #expect(response.text == #"{"language":"😭","candidates":4}"#)
  }

  @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]])
  func `invalid UTF-8 is named, in fields known and unknown`(bytes: [UInt8]) async throws {
    for key in ["mood", "unknown"] {
      let body = Array("{\"\(key)\":\"".utf8) + bytes + Array("\"}".utf8)
      let response = try await self.server.post(bytes: body)
      #expect(response.status == 400)
      let error = try #require(await response.error)
      #expect(error.reason == "INVALID_TEXT")
      if key == "mood" { #expect(error.message == "mood: is not valid UTF-8") }
    }
  }

  @Test(
    arguments: [
      ("{", "line 1, column 2: expected a key"),
      (#"{"mood""#, "line 1, column 8: expected a colon"),
      (#"{"mood":}"#, "line 1, column 9: expected a value"),
      ("{\"mood\":\"😭\"\n  \"limit\":1}", "line 2, column 3: expected a comma or a closing brace"),
      (#"{"mood":"a",}"#, "line 1, column 13: expected a member"),
      (#"{"mood":"a"} x"#, "line 1, column 14: expected the end of the text"),
      (#"{"mood":"a"#, "line 1, column 11: expected a closing quote"),
      (#"{"mood":"\x"}"#, "line 1, column 10: expected a valid escape"),
      (#"{"mood":"\u12"}"#, "line 1, column 14: expected four hexadecimal digits"),
      (#"{"x":tru}"#, "line 1, column 6: expected true, false or null"),
      (#"{"limit":01}"#, "line 1, column 11: expected a comma or a closing brace"),
      (#"{"limit":-}"#, "line 1, column 11: expected a digit"),
      (#"{"a":[1,]}"#, "line 1, column 9: expected a member"),
      (" ", "line 1, column 2: expected a value"),
      ("{\"mood\":\"a\u{1}\"}", "line 1, column 11: expected an escaped control character"),
    ]
  )
  func `a syntax error says where it is, and nothing of the text`(
    json: String,
    position: String
  ) async throws {
    let row = Row(json, "", "invalid JSON at \(position)", "INVALID_JSON")
    try await self.expect(row)
  }

  @Test func `100 levels are read, and no more`() async throws {
    for (depth, status) in [(99, 200), (100, 400)] {
      let json =
        #"{"unknown":"# + String(repeating: "[", count: depth)
        + String(repeating: "]", count: depth) + "}"
      let response = try await self.server.post(RecommendationMethods.recommend.path, json)
      #expect(response.status == status)
      if status == 400 { #expect(await response.error?.reason == "TOO_DEEP") }
    }
    let bottomless = String(repeating: #"{"a":"#, count: 500_000)
    #expect(
      try await self.server.post(RecommendationMethods.recommend.path, bottomless).status == 400
    )
  }

  @Test(
    arguments: [
      #"{"mood":"a","mood":"calm"}"#, #"{"mood":"calm","typo":{"a":[1,"\u00e9",null,true]}}"#,
      #"{"mood":"calm","limit":"10","seed":1e3,"filter":null}"#,
      #" { "mood" : "calm" , "filter" : { "genres_any" : [ ] } } "#,
      #"{"mood":"calm","goal":1,"filter":{"minScore":"7.5"}}"#,
    ]
  )
  func `what ProtoJSON allows is accepted`(json: String) async throws {
    let response = try await self.server.post(RecommendationMethods.recommend.path, json)
    #expect(response.text == #"{"language":"calm","candidates":4}"#)
  }

  @Test func `unknown fields are refused by those who ask for it`() async throws {
    let row = Row(
      #"{"mood":"calm","filter":{"minYears":1990}}"#,
      "filter.minYears",
      "is not a known field",
      "UNKNOWN_FIELD"
    )
    try await self.expect(row, ["prefer": "handling=strict"])
    for prefer in ["handling=lenient", "respond-async", ""] {
      let response = try await self.server.post(row.path, row.json, ["prefer": prefer])
      #expect(response.status == 200)
      #expect(response.fields["preference-applied"] == nil)
    }
  }

  @Test func `strictness is confirmed`() async throws {
    for (json, status) in [(#"{"mood":"calm"}"#, 200), (#"{"moot":"calm"}"#, 400)] {
      let response = try await self.server.post(
        RecommendationMethods.recommend.path,
        json,
        ["prefer": "respond-async, Handling=Strict"]
      )
      #expect(response.status == status)
      #expect(response.fields["preference-applied"] == "handling=strict")
    }
  }
}
