import GRPCWire
import HTTPMessage
import RPC
import SwiftProtobuf
import Testing

@Suite struct `A gRPC frame` {
  @Test func `is a flag, four bytes of length and the message`() throws {
    let message = Google_Protobuf_StringValue("ok")
    let frame = try GRPCFrame.encode(message, limit: 4)
    #expect(frame == [0, 0, 0, 0, 4, 0x0a, 2, 0x6f, 0x6b])
    let read: Google_Protobuf_StringValue = try GRPCFrame.decode(frame, limit: 4)
    #expect(read == message)
  }

  @Test func `of an empty message has a length of 0`() throws {
    let frame = try GRPCFrame.encode(Google_Protobuf_Empty(), limit: 0)
    #expect(frame == [0, 0, 0, 0, 0])
    let _: Google_Protobuf_Empty = try GRPCFrame.decode(frame, limit: 0)
  }

  @Test func `beyond the limit is refused before it is sent and after it came`() throws {
    let message = Google_Protobuf_StringValue("ok")
    #expect { try GRPCFrame.encode(message, limit: 3) } throws: { error in
      (error as? RPCError)?.reason == "REQUEST_TOO_LARGE"
    }
    let frame = try GRPCFrame.encode(message, limit: 4)
    #expect { () throws -> Google_Protobuf_StringValue in try GRPCFrame.decode(frame, limit: 3)
    } throws: { error in (error as? RPCError)?.reason == "RESPONSE_TOO_LARGE" }
  }

  @Test(
    arguments: [
      [], [0, 0, 0, 0], [0, 0, 0, 0, 4, 0x0a, 2, 0x6f], [0, 0, 0, 0, 4, 0x0a, 2, 0x6f, 0x6b, 0],
      [1, 0, 0, 0, 4, 0x0a, 2, 0x6f, 0x6b], [0, 0, 0, 0, 4, 0x0a, 9, 0x6f, 0x6b],
    ] as [[UInt8]]
  )
  func `that is cut off, doubled, compressed or no message is refused`(body: [UInt8]) {
    #expect { () throws -> Google_Protobuf_StringValue in try GRPCFrame.decode(body, limit: 99)
    } throws: { error in (error as? RPCError)?.code == .internal }
  }
}

@Suite struct `A gRPC status` {
  private static func outcome(of response: HTTPResponse) -> RPCError? {
    do throws(RPCError) { try GRPCStatus.check(response) } catch { return error }
    return nil
  }

  private static func response(
    status: Int = 200,
    fields: HeaderFields = [:],
    trailers: HeaderFields = [:]
  ) -> HTTPResponse {
    var response = HTTPResponse(status: status, fields: fields)
    response.trailers = trailers
    return response
  }

  @Test func `of 0 is a success`() {
    #expect(Self.outcome(of: Self.response(trailers: ["grpc-status": "0"])) == nil)
  }

  @Test(arguments: Code.allCases)
  func `in the trailers is the error of its number`(code: Code) {
    let error = Self.outcome(of: Self.response(trailers: ["grpc-status": "\(code.rawValue)"]))
    #expect(error?.code == code)
  }

  @Test func `stands in the header of an answer without a body`() {
    let error = Self.outcome(
      of: Self.response(fields: ["grpc-status": "16", "grpc-message": "who%20are%20you%3F"])
    )
    #expect(error?.code == .unauthenticated)
    #expect(error?.message == "who are you?")
  }

  @Test func `that nobody knows is unknown`() {
    for text in ["17", "-1", "x", "99999999999999999999"] {
      #expect(Self.outcome(of: Self.response(trailers: ["grpc-status": text]))?.code == .unknown)
    }
  }

  @Test(arguments: [
    (200, Code.internal), (401, .unauthenticated), (404, .unimplemented), (503, .unavailable),
    (418, .unknown),
  ])
  func `that is missing is told from HTTP's`(status: Int, code: Code) {
    #expect(Self.outcome(of: Self.response(status: status))?.code == code)
  }

  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("%C3%A4", "ä"), ("100%", "100%"), ("%zz%4", "%zz%4"),
    ("%e2%82%ac", "€"), ("%FF", "\u{FFFD}"),
  ])
  func `has a message with bytes as percent and two digits`(text: String, decoded: String) {
    #expect(GRPCStatus.percentDecoded(text) == decoded)
  }

  @Test func `passes on 500 characters of its message`() {
    let fields: HeaderFields = [
      "grpc-status": "13", "grpc-message": String(repeating: "x", count: 501),
    ]
    #expect(Self.outcome(of: Self.response(fields: fields))?.message.count == 500)
  }
}

@Suite struct `A gRPC time limit` {
  @Test(arguments: [
    (Duration.zero, "1m"), (.nanoseconds(1), "1m"), (.milliseconds(1), "1m"),
    (.microseconds(1001), "2m"), (.seconds(99_998), "99998000m"),
    (.milliseconds(99_998_999), "99998999m"),
    (.seconds(99_999), "99999S"), (.milliseconds(99_999_001), "100000S"),
    (.seconds(99_999_998) + .nanoseconds(1), "99999999S"), (.seconds(99_999_999), "27778H"),
    (.seconds(Int64.max), "99999999H"),
  ])
  func `has at most eight digits and is never shorter than asked`(
    timeout: Duration,
    text: String
  ) {
    #expect(GRPCTimeout.format(timeout) == text)
    #expect(text.count <= 9)
  }
}

@Suite struct `A gRPC client` {
  /// Answers with the message it got.
  private static let echo: HTTPHandler = { request in
    var response = HTTPResponse(status: 200, body: request.body)
    response.trailers = ["grpc-status": "0"]
    return response
  }

  private static func call(
    _ send: @escaping HTTPHandler,
    within: Duration = .seconds(10)
  ) async throws(RPCError) -> Google_Protobuf_Int32Value {
    try await GRPCClient(send: send, metadata: ["authorization": "secret"]).call(
      "/a.B/C",
      Google_Protobuf_Int32Value(5),
      deadline: .now + within
    )
  }

  @Test func `sends what gRPC asks for`() async throws {
    let answer = try await Self.call { request in
      #expect(request.method == "POST" && request.target == "/a.B/C")
      #expect(request.fields["content-type"] == "application/grpc")
      #expect(request.fields["te"] == "trailers")
      #expect(request.fields["authorization"] == "secret")
      #expect(request.fields["grpc-timeout"]?.hasSuffix("m") == true)
      return try await Self.echo(request)
    }
    #expect(answer.value == 5)
  }

  @Test(arguments: [
    (HTTPTransportError.Reason.unreachable, Code.unavailable), (.refused, .unavailable),
    (.interrupted, .unavailable), (.timedOut, .deadlineExceeded),
    (.responseTooLarge, .resourceExhausted),
  ])
  func `tells a failure of the transport as a code`(
    reason: HTTPTransportError.Reason,
    code: Code
  ) async {
    await #expect {
      try await Self.call { _ in throw HTTPTransportError(reason, "authorization: secret") }
    } throws: { error in
      guard let error = error as? RPCError else { return false }
      return error.code == code && !error.message.contains("secret")
    }
  }

  @Test func `says what is wrong with a server's certificate`() async {
    let problem = HTTPTransportError(.protocolError, "the server's certificate can't be trusted")
    await #expect {
      try await Self.call { _ in throw problem }
    } throws: { error in
      (error as? RPCError)?.code == .unavailable
        && (error as? RPCError)?.message == problem.description
    }
  }

  @Test func `gives up at its deadline, and before a call where that has passed`() async {
    for within in [Duration.milliseconds(20), .zero] {
      await #expect {
        try await Self.call(
          { _ in
            try await Task.sleep(for: .seconds(60))
            return HTTPResponse(status: 200)
          },
          within: within
        )
      } throws: { error in (error as? RPCError)?.code == .deadlineExceeded }
    }
  }

  @Test(arguments: [
    Duration.milliseconds(1), .milliseconds(1500), .seconds(99_998), .seconds(99_999),
    .seconds(99_999_998), .seconds(99_999_999 * 3600),
  ])
  func `comes back as it was, or as the next whole unit`(timeout: Duration) throws {
    let read = try #require(GRPCTimeout.parse(GRPCTimeout.format(timeout)))
    #expect(read >= timeout && read - timeout <= .seconds(3600))
  }

  @Test(arguments: [
    ("1H", Duration.seconds(3600)), ("2M", .seconds(120)), ("3S", .seconds(3)),
    ("4m", .milliseconds(4)), ("5u", .microseconds(5)), ("99999999n", .nanoseconds(99_999_999)),
    ("0m", .zero),
  ])
  func `is read in any unit`(text: String, timeout: Duration) {
    #expect(GRPCTimeout.parse(text) == timeout)
  }

  @Test(arguments: ["", "m", "1", "-1m", "1.5S", "1s", "123456789m", "1 m", "٣m", "1m "])
  func `that is none is none`(text: String) {
    #expect(GRPCTimeout.parse(text) == nil)
  }
}
