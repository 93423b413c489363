import Foundation
import Glibc
import HTTPClient
import HTTPMessage
import HTTPServer
import NIOPosix
import Testing

extension Transport {
  @Suite(.timeLimit(.minutes(1)))
  struct `Other implementations` {
    private static let body = String(repeating: "0123456789abcdef", count: 1 << 16)

    @Test(
      .enabled(if: isInstalled("curl"), "needs curl"),
      arguments: ["--http1.1", "--http2-prior-knowledge"]
    )
    func `curl gets and posts`(version: String) async throws {
      try await serving(echo) { port in
        let url = "http://127.0.0.1:\(port)/a?b"
        let posted = try await run("curl", ["-s", version, "-d", "hello", url, "-i"])
        #expect(posted.contains("x-target: /a?b"))
        #expect(posted.hasSuffix("hello"))
        let head = try await run("curl", ["-s", version, "-I", url])
        #expect(head.contains("x-method: HEAD"))
      }
    }

    @Test(
      .enabled(if: isInstalled("curl"), "needs curl"),
      arguments: ["--http1.1", "--http2-prior-knowledge"]
    )
    func `curl posts 1 MiB and reads it back`(version: String) async throws {
      let file = FileManager.default.temporaryDirectory.appendingPathComponent(
        "transport-\(UUID().uuidString)"
      )
      try Data(Self.body.utf8).write(to: file)
      defer { try? FileManager.default.removeItem(at: file) }
      try await serving(echo) { port in
        let url = "http://127.0.0.1:\(port)/"
        let reply = try await run("curl", ["-s", version, "--data-binary", "@\(file.path)", url])
        #expect(reply == Self.body)
      }
    }

    @Test(
      .enabled(if: isInstalled("h2load"), "needs h2load"),
      arguments: [["-c4", "-m32"], ["-c300", "-m1"], ["-c8", "--h1"]]
    )
    func `h2load has each of its requests answered`(options: [String]) async throws {
      try await serving(echo) { port in
        let report = try await run("h2load", ["-n3000"] + options + ["http://127.0.0.1:\(port)/"])
        #expect(report.contains("3000 succeeded, 0 failed"), "\(report)")
      }
    }

    @Test(.enabled(if: isInstalled("nghttpd"), "needs nghttpd"))
    func `nghttpd is served by our client, killed, and served by it again`() async throws {
      let port = try await serving(echo) { $0 }
      let client = HTTP2Client(host: "127.0.0.1", port: port)
      let request = HTTPRequest(method: "GET", target: "/none")
      for _ in 0..<2 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(path(of: "nghttpd")))
        process.arguments = ["--no-tls", "-a", "127.0.0.1", "\(port)"]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        var status: Int?
        while status == nil {
          status = try? await client.send(request).status
          if status == nil { try await Task.sleep(for: .milliseconds(20)) }
        }
        #expect(status == 404)
        kill(process.processIdentifier, SIGKILL)
        try await blocking { process.waitUntilExit() }
        // The kernel closes the sockets of a process before anyone learns that it is gone, but our
        // loop may not have read that yet.
        try await Task.sleep(for: .milliseconds(50))
        let error = await #expect(throws: HTTPTransportError.self) {
          try await client.send(request)
        }
        #expect(error?.reason == .unreachable)
      }
      await client.close()
    }
  }
}
