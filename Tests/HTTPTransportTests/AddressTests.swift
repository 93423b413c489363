import HTTPMessage
import HTTPServer
import Testing

@Suite struct `A server's address` {
  @Test func `that is taken is told with its port and why`() async throws {
    try await serving({ _ in HTTPResponse(status: 200) }) { port in
      let error = await #expect(throws: UnavailableAddress.self) {
        try await serving(port: port, { _ in HTTPResponse(status: 200) }) { _ in }
      }
      let said = "can't listen on 127.0.0.1, port \(port): Address already in use"
      #expect(error?.description == said)
      #expect(error?.isForPort == true)
    }
  }

  @Test func `of another machine is no fault of the port's`() async throws {
    let configuration = HTTPServerConfiguration(
      host: "192.0.2.1",
      port: 0,
      rejection: rejection
    )
    let error = await #expect(throws: UnavailableAddress.self) {
      try await withHTTPServer(configuration, handler: { _ in HTTPResponse(status: 200) }) { _ in }
    }
    #expect(error?.isForPort == false)
  }
}
