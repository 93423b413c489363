import Certificates
import HTTPClient
import HTTPMessage
import HTTPServer
import Testing

extension Transport {
  @Suite(.timeLimit(.minutes(1)), .enabled(if: isInstalled("openssl"), "needs openssl"))
  struct `A client that speaks TLS` {
    private let request = HTTPRequest(method: "GET", scheme: "https", target: "/")

    private func error(_ client: HTTP2Client) async -> HTTPTransportError? {
      do {
        _ = try await client.send(self.request)
        return nil
      } catch {
        return error as? HTTPTransportError
      }
    }

    @Test func `trusts no server of another authority, and none of another name`() async throws {
      let authority = try await TestAuthority()
      let strangers = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server", names: "DNS:emotion.internal"),
        role: .server(clients: .none)
      )
      try await serving(credentials: credentials, echo) { port in
        for trust in [try strangers.client(), try Credentials(CertificateFiles(), role: .client)] {
          try await withClient(port: port, credentials: trust) { client in
            let error = await self.error(client)
            #expect(error?.reason == .protocolError)
            #expect(error?.description.contains("can't be trusted") == true)
          }
        }
        try await withClient(
          host: "localhost",
          port: port,
          credentials: try authority.client()
        ) { client in
          let error = await self.error(client)
          #expect(error?.reason == .protocolError)
          #expect(error?.description.contains("another name") == true)
        }
        try await withClient(port: port, credentials: try authority.client()) { client in
          let error = await self.error(client)
          #expect(error?.description.contains("another name") == true)
        }
      }
    }

    @Test func `trusts anyone when it asks this machine for its health`() async throws {
      let authority = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server", names: "DNS:emotion.internal"),
        role: .server(clients: .none)
      )
      let trusting = try Credentials(CertificateFiles(), role: .trustingClient)
      try await serving(credentials: credentials, echo) { port in
        try await withClient(host: "localhost", port: port, credentials: trusting) { client in
          #expect(await self.error(client) == nil)
        }
      }
    }

    @Test func `shows its certificate, and learns that it needs one`() async throws {
      let authority = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server"),
        role: .server(clients: .require)
      )
      let own = try authority.client(try await authority.issue("gateway"))
      try await serving(credentials: credentials, echo) { port in
        try await withClient(port: port, credentials: own) { client in
          #expect(await self.error(client) == nil)
        }
        try await withClient(port: port, credentials: try authority.client()) { client in
          let error = await self.error(client)
          #expect(error?.reason == .protocolError)
          #expect(error?.description.contains("CERTIFICATE_REQUIRED") == true, "\(error as Any)")
        }
      }
    }

    @Test func `knows a server in plain text, and is known by it`() async throws {
      let authority = try await TestAuthority()
      try await serving(echo) { port in
        try await withClient(port: port, credentials: try authority.client()) { client in
          let error = await self.error(client)
          #expect(error?.reason == .protocolError)
          #expect(error?.isSafeToResend == false)
        }
        try await withClient(port: port) { client in
          let response = try await client.send(self.request)
          #expect(response.status == 200)
        }
      }
    }

    @Test func `speaks to no server without HTTP 2`() async throws {
      let authority = try await TestAuthority()
      let files = try await authority.issue("server")
      let port = try await serving(echo) { $0 }
      try await OpenSSLServer.run(port: port, files) {
        try await withClient(port: port, credentials: try authority.client()) { client in
          let error = await self.error(client)
          #expect(error?.reason == .protocolError)
          #expect(error?.description.contains("does not speak HTTP/2") == true)
        }
      }
    }

    @Test func `gives a handshake that doesn't come its time, and no more`() async throws {
      let authority = try await TestAuthority()
      let listener = try DeafListener()
      defer { listener.close() }
      var configuration = HTTP2ClientConfiguration()
      configuration.connectTimeout = .milliseconds(300)
      try await withClient(
        port: listener.port,
        credentials: try authority.client(),
        configuration: configuration
      ) { client in
        #expect(await self.error(client)?.reason == .unreachable)
      }
    }
  }
}
