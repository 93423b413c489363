import Certificates
import Foundation
import HTTPClient
import HTTPMessage
import HTTPServer
import NIOCore
import NIOPosix
import Testing

/// Answers with what the server knows of the client, and with the request's scheme.
@Sendable
private func whoami(_ request: HTTPRequest) async throws -> HTTPResponse {
  let client = request.clientCertificate
  let lines = [
    request.scheme, client?.subject ?? "nobody", client?.name ?? "",
    client?.names.joined(separator: ",") ?? "",
    client?.fingerprint ?? "",
  ]
  return HTTPResponse(status: 200, body: Array(lines.joined(separator: "|").utf8))
}

extension Transport {
  @Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: isInstalled("openssl") && isInstalled("curl"), "needs openssl and curl")
  )
  struct `A server that speaks TLS` {
    private func curl(_ port: Int, _ arguments: String...) async throws -> String {
      try await run(
        "curl",
        [
          "-sS", "-m", "10", "--resolve", "localhost:\(port):127.0.0.1", "-w", "|%{http_version}",
          "https://localhost:\(port)/",
        ] + arguments
      )
    }

    @Test(arguments: [
      (["--http1.1"], "1.1"), (["--http2"], "2"), (["--http1.1", "--no-alpn"], "1.1"),
      (["--http2", "--tls-max", "1.2"], "2"),
    ])
    func `curl gets the version it asks for`(options: [String], version: String) async throws {
      let authority = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server"),
        role: .server(clients: .none)
      )
      try await serving(credentials: credentials, whoami) { port in
        let reply = try await run(
          "curl",
          [
            "-sS", "--cacert", authority.certificate, "-d", "hello",
            "--resolve", "localhost:\(port):127.0.0.1", "-w", "|%{http_version}",
            "https://localhost:\(port)/",
          ] + options
        )
        #expect(reply == "https|nobody||||\(version)")
      }
    }

    @Test func `our client is served, by name and by address`() async throws {
      let authority = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server"),
        role: .server(clients: .none)
      )
      let body = [UInt8](repeating: 7, count: 4 << 20)
      let request = HTTPRequest(method: "POST", scheme: "https", target: "/", body: body)
      try await serving(credentials: credentials, echo) { port in
        for host in ["localhost", "127.0.0.1"] {
          try await withClient(
            host: host,
            port: port,
            credentials: try authority.client()
          ) { client in
            try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
              for _ in 0..<4 { group.addTask { try await client.send(request) } }
              for try await response in group { #expect(response.body == body) }
            }
          }
        }
      }
    }

    @Test(arguments: ["--http1.1", "--http2-prior-knowledge"])
    func `tells a client in plain text to use https`(version: String) async throws {
      let authority = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server"),
        role: .server(clients: .none)
      )
      try await serving(credentials: credentials, echo) { port in
        let reply = try await run("curl", ["-sS", "-i", version, "http://127.0.0.1:\(port)/"])
        if version == "--http1.1" {
          #expect(reply.hasPrefix("HTTP/1.1 400 "))
          #expect(reply.hasSuffix("unencrypted"))
        } else {
          let frames = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(preface)
            return try connection.receiveFrames()
          }
          #expect(frames.last?.isType(.goAway) == true)
          #expect(frames.last?.errorCode == 1)
        }
        // The server has taken no harm.
        let other = try await self.curl(port, "--cacert", authority.certificate)
        #expect(other.hasSuffix("|2"))
      }
    }

    @Test func `ends a connection whose handshake doesn't come`() async throws {
      var limits = HTTPServerLimits()
      limits.handshakeTimeout = .milliseconds(500)
      let authority = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server"),
        role: .server(clients: .none)
      )
      try await serving(limits: limits, credentials: credentials, echo) { port in
        for start in [[], [22], [22, 3, 1, 2, 0, 1]] as [[UInt8]] {
          let rest = try await blocking {
            let connection = try RawConnection(port: port)
            try connection.send(start)
            return try connection.receiveToEnd()
          }
          // No more than an alert.
          #expect(rest.utf8.count < 16)
        }
      }
    }

    @Test func `survives bytes that only look like a handshake`() async throws {
      let authority = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server"),
        role: .server(clients: .none)
      )
      try await serving(credentials: credentials, echo) { port in
        for seed in 0..<20 as Range<UInt8> {
          let noise = (0..<600).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(seed) &* 17) }
          _ = try await blocking {
            let connection = try RawConnection(port: port)
            try? connection.send([22, 3, 1, 2, 0, 1, 0, 1, 252] + noise)
            return try connection.receiveToEnd()
          }
        }
        let other = try await self.curl(port, "--cacert", authority.certificate)
        #expect(other.hasSuffix("|2"))
      }
    }

    @Test(
      arguments: [
        ("gateway", ["spiffe://shop/gateway"], "gateway"),
        (nil, ["spiffe://shop/gateway", "other"], "spiffe://shop/gateway"), (nil, [], "00ff"),
        (String(repeating: "a", count: 200), [], String(repeating: "a", count: 128)),
      ] as [(String?, [String], String)]
    )
    func `calls a client by what its certificate has`(
      commonName: String?,
      names: [String],
      name: String
    ) {
      let certificate = ClientCertificate(
        subject: "",
        commonName: commonName,
        names: names,
        fingerprint: "00ff"
      )
      #expect(certificate.name == name)
    }

    @Test func `takes new files for new connections and lets the others go on`() async throws {
      let first = try await TestAuthority()
      let second = try await TestAuthority()
      let files = try await first.issue("server")
      let credentials = try Credentials(files, role: .server(clients: .none))
      let request = HTTPRequest(method: "GET", scheme: "https", target: "/")
      let own = try first.client()
      // One connection for all calls.
      let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      defer { loop.shutdownGracefully { _ in } }
      try await serving(credentials: credentials, whoami) { port in
        try await withClient(port: port, credentials: own, group: loop) { client in
          #expect(try await client.send(request).status == 200)
          #expect(try credentials.reload() == false)
          let renewed = try await second.issue("server")
          for (from, to) in [
            (renewed.certificate, files.certificate), (renewed.key, files.key),
            (renewed.authorities, files.authorities),
          ] {
            let content = try Data(contentsOf: URL(filePath: try #require(from)))
            try content.write(to: URL(filePath: try #require(to)))
          }
          #expect(try credentials.reload())
          #expect(try await client.send(request).status == 200)
          // A client reads files when it is told to, and not on its event loop.
          try await withClient(port: port, credentials: own) { late in
            await #expect(throws: HTTPTransportError.self) { try await late.send(request) }
            let isNew = try own.reload()
            #expect(isNew)
            let response = try await late.send(request)
            #expect(response.status == 200)
          }
          let other = try await self.curl(port, "--cacert", second.certificate)
          #expect(other.hasPrefix("https|"))

          try Data("no key".utf8).write(to: URL(filePath: try #require(files.key)))
          #expect(throws: CertificateProblems.self) { try credentials.reload() }
          #expect(try credentials.reload() == false)
          #expect(try await self.curl(port, "--cacert", second.certificate) == other)
        }
      }
    }

    @Test(arguments: [ClientCertificatePolicy.none, .request, .require])
    func `knows its clients by their certificates`(policy: ClientCertificatePolicy) async throws {
      let authority = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server"),
        role: .server(clients: policy)
      )
      let files = try await authority.issue("gateway", names: "DNS:gateway.internal")
      let certificate = try #require(files.certificate)
      let fingerprint = try await run(
        "openssl",
        ["x509", "-noout", "-fingerprint", "-sha256", "-in", certificate]
      ).split(separator: "=").last?.filter { $0.isHexDigit }.lowercased()
      let shown = "https|CN=gateway,O=NetflixGPT|gateway|gateway.internal|\(fingerprint ?? "")"
      try await serving(credentials: credentials, whoami) { port in
        for version in ["--http1.1", "--http2"] {
          let known = try await self.curl(
            port,
            "--cacert",
            authority.certificate,
            "--cert",
            certificate,
            "--key",
            try #require(files.key),
            version
          )
          #expect(known.hasPrefix(policy == .none ? "https|nobody|" : shown))
          let unknown = try await self.curl(port, "--cacert", authority.certificate, version)
          if policy == .require {
            #expect(unknown.contains("alert"))
          } else {
            #expect(unknown.hasPrefix("https|nobody|"))
          }
        }
      }
    }

    @Test(arguments: [ClientCertificatePolicy.request, .require])
    func `refuses certificates of others, and expired ones`(
      policy: ClientCertificatePolicy
    ) async throws {
      let authority = try await TestAuthority()
      let credentials = try Credentials(
        try await authority.issue("server"),
        role: .server(clients: policy)
      )
      let strangers = try await TestAuthority()
      try await serving(credentials: credentials, whoami) { port in
        for files in [
          try await strangers.issue("gateway"), try await authority.issue("old", days: -1),
        ] {
          let reply = try await self.curl(
            port,
            "--cacert",
            authority.certificate,
            "--cert",
            try #require(files.certificate),
            "--key",
            try #require(files.key)
          )
          #expect(!reply.contains("https|"), "\(reply)")
        }
      }
    }
  }

  @Suite(.timeLimit(.minutes(1)), .enabled(if: isInstalled("openssl"), "needs openssl"))
  struct `The files of credentials` {
    @Test func `are refused with everything that is wrong with them`() async throws {
      let authority = try await TestAuthority()
      let good = try await authority.issue("good")
      let other = try await authority.issue("other")
      let old = try await authority.issue("old", days: -1)
      let missing = authority.path("missing")
      let empty = authority.path("empty")
      try Data().write(to: URL(filePath: empty))
      let rows: [(CertificateFiles, [CertificateProblems.Subject])] = [
        (CertificateFiles(), [.certificate]),
        (CertificateFiles(certificate: good.certificate), [.key]),
        (CertificateFiles(key: good.key), [.certificate, .certificate]),
        (CertificateFiles(certificate: good.certificate, key: other.key), [.key]),
        (CertificateFiles(certificate: old.certificate, key: old.key), [.certificate]),
        (
          CertificateFiles(certificate: missing, key: empty, authorities: empty),
          [.certificate, .authorities, .key]
        ),
        (CertificateFiles(certificate: good.key, key: good.certificate), [.certificate, .key]),
      ]
      for (files, subjects) in rows {
        let error = #expect(throws: CertificateProblems.self) {
          try Credentials(files, role: .server(clients: .none))
        }
        #expect(error?.problems.map(\.subject) == subjects, "\(files) gave \(error as Any)")
      }
      let error = #expect(throws: CertificateProblems.self) {
        try Credentials(
          CertificateFiles(certificate: good.certificate, key: good.key),
          role: .server(clients: .require)
        )
      }
      #expect(error?.problems.map(\.subject) == [.authorities])
    }
  }
}
