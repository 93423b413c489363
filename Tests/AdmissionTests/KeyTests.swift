import Crypto
import HTTPMessage
import RPC
import Testing

@testable import Admission

/// The digest of a key as a file has it.
func hex(_ key: String) -> String {
  SHA256.hash(data: Array(key.utf8)).map { byte in
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }.joined()
}

@Suite struct `A file of keys` {
  @Test func `has words, JSON and comments on its lines`() throws {
    let text = """
      # shops
      shop \(hex("a")) read,write 600/60

        {"name":"ops","sha256":"\(hex("b").uppercased())","scopes":["read","critical"]}
      """
    let lines = try KeyLine.read(Array(text.utf8))
    #expect(lines.map(\.name) == ["shop", "ops"])
    #expect(lines.map(\.scopes) == [[.read, .write], [.read, .critical]])
    #expect(lines.map { $0.rates?[.read]?.calls } == [600, nil])
    #expect(lines[1].digest == Array(SHA256.hash(data: Array("b".utf8))))
  }

  @Test(
    arguments: [
      ("shop \(hex("a"))", "needs NAME"),
      ("sh/op \(hex("a")) read", "the name must be"),
      ("shop hunter2-is-my-secret read", "64 hexadecimal digits"),
      ("shop \(hex("a"))00 read", "64 hexadecimal digits"),
      ("shop \(hex("a")) admin", "scopes must be"),
      ("shop \(hex("a")) read 0/60", "the rate must"),
      ("{\"name\":\"shop\"}", "needs name"),
      ("ok \(hex("b")) read\nok \(hex("a")) read", "is taken"),
    ]
  )
  func `names the line at fault and what is wrong, but no secret`(
    text: String,
    problem: String
  ) throws {
    let error = #expect(throws: AdmissionProblem.self) {
      try KeyLine.read(Array("# first\n\(text)".utf8))
    }
    let description = error?.description ?? ""
    #expect(description.contains(problem))
    #expect(description.contains(text.contains("\n") ? "line 3" : "line 2"))
    #expect(!description.contains("hunter2"))
  }

  @Test func `without a key is refused`() {
    #expect(throws: AdmissionProblem.self) { try KeyLine.read(Array("# none\n\n".utf8)) }
  }
}

@Suite(.timeLimit(.minutes(1))) struct `A server with keys` {
  private func withServer(
    _ lines: String,
    _ body: (GuardedServer, _ rewrite: @escaping (String) throws -> Void) async throws -> Void
  ) async throws {
    try await withFile(lines) { path, rewrite in
      var configuration = AdmissionControl.Configuration()
      configuration.keysFile = path
      try await body(try await GuardedServer(configuration), rewrite)
    }
  }

  private static let lines = """
    reader \(hex("read-key")) read
    writer \(hex("write-key")) read,write
    """

  @Test(
    arguments: [
      ["authorization": "Bearer read-key"], ["authorization": "bearer  read-key"],
      ["x-api-key": "read-key"], ["authorization": "Basic eDp5", "x-api-key": "read-key"],
      ["authorization": "", "x-api-key": "read-key"],
    ] as [HeaderFields]
  )
  func `takes a key in either field and says whose it was`(fields: HeaderFields) async throws {
    try await self.withServer(Self.lines) { server, _ in
      #expect(await server.call(GuardedServer.readPath, fields).status == 200)
      #expect(server.records.all.map(\.caller) == ["key:reader"])
    }
  }

  @Test(
    arguments: [
      [:], ["authorization": "Bearer wrong"], ["authorization": "Bearer "],
      ["authorization": "Basic read-key"], ["x-api-key": "read-keyx"], ["x-api-key": ""],
    ] as [HeaderFields]
  )
  func `asks everyone else for one`(fields: HeaderFields) async throws {
    try await self.withServer(Self.lines) { server, _ in
      let response = await server.call(GuardedServer.readPath, fields)
      #expect(response.status == 401)
      #expect(response.text.contains("\"unauthenticated\""))
      #expect(response.fields["www-authenticate"]?.hasPrefix("Bearer realm=") == true)
      #expect(response.fields["x-request-id"] != nil)
      #expect(server.runs.value == 0)
    }
  }

  @Test func `lets a key do what its scopes say`() async throws {
    try await self.withServer(Self.lines) { server, _ in
      let refused = await server.call(GuardedServer.writePath, ["x-api-key": "read-key"])
      #expect(refused.status == 403)
      #expect(refused.text.contains("\"permission_denied\""))
      #expect(refused.fields["www-authenticate"]?.contains(#"scope="write""#) == true)
      #expect(await server.call(GuardedServer.writePath, ["x-api-key": "write-key"]).status == 200)
    }
  }

  @Test(arguments: ["/livez", "/startupz", "/readyz", "/schema.binpb"])
  func `shows pages to everyone`(path: String) async throws {
    try await self.withServer(Self.lines) { server, _ in
      let page = await server.server.handle(HTTPRequest(method: "GET", target: path))
      #expect(page.status != 401)
    }
  }

  @Test func `tells its health to everyone`() async throws {
    try await self.withServer(Self.lines) { server, _ in
      #expect(await server.call(HealthMethods.check.path).status == 200)
    }
  }

  @Test func `keeps caches from giving one caller's answer to another`() async throws {
    try await self.withServer(Self.lines) { server, _ in
      let answer = await server.server.handle(
        HTTPRequest(
          method: "GET",
          target: GuardedServer.readPath + "?encoding=json&message=%7B%7D",
          fields: ["x-api-key": "read-key"]
        )
      )
      #expect(answer.status == 200)
      #expect(answer.fields.values(of: "vary").contains("authorization, x-api-key"))
    }
  }

  @Test func `answers a call without a key before its body is read`() async throws {
    try await self.withServer(Self.lines) { server, _ in
      var request = HTTPRequest(method: "POST", target: GuardedServer.readPath)
      #expect(server.server.admit(&request)?.status == 401)
      request.fields["x-api-key"] = "read-key"
      #expect(server.server.admit(&request) == nil)
      #expect(request.admission?.caller == "key:reader")
    }
  }

  @Test(
    arguments: [
      ("POST", "/nope", 404, [:]), ("GET", "/nope", 404, [:]), ("POST", "/livez", 405, [:]),
      ("GET", "/livez", 413, ["content-length": "1"]),
      ("GET", "/livez", 413, ["transfer-encoding": "chunked"]),
      ("GET", "/livez", nil, ["content-length": "0"]), ("HEAD", "/livez", nil, [:]),
    ] as [(String, String, Int?, HeaderFields)]
  )
  func `reads no body of what it does not serve`(
    method: String,
    target: String,
    status: Int?,
    fields: HeaderFields
  ) async throws {
    try await self.withServer(Self.lines) { server, _ in
      var request = HTTPRequest(method: method, target: target, fields: fields)
      #expect(server.server.admit(&request)?.status == status)
    }
  }

  @Test func `reads its file again when it changes, and keeps the old keys of a bad one`()
    async throws
  {
    try await self.withServer(Self.lines) { server, rewrite in
      async let _: Void = server.control.keepCurrent()
      let isNewTaken = { (key: String) in
        await server.call(GuardedServer.readPath, ["x-api-key": key]).status == 200
      }
      try await Task.sleep(for: .milliseconds(100))
      try rewrite("newcomer \(hex("new-key")) read")
      #expect(await eventually { await isNewTaken("new-key") })
      #expect(await !isNewTaken("read-key"))
      try rewrite("this is no file of keys")
      try await Task.sleep(for: .milliseconds(1500))
      #expect(await isNewTaken("new-key"))
    }
  }
}
