import Testing

@testable import Admission

@Suite struct `What is wrong with who may call` {
  private func problem(
    _ change: (inout AdmissionControl.Configuration) -> Void
  ) async -> String? {
    var configuration = AdmissionControl.Configuration()
    change(&configuration)
    do throws(AdmissionProblem) {
      _ = try await AdmissionControl(configuration)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `is told with the variable and the file`() async {
    let keys = await self.problem { $0.keysFile = "/nope" }
    #expect(keys == "API_KEYS_FILE: /nope: the file can't be read")
    let set = await self.problem {
      $0.jwksFile = "/nope"
      $0.audience = "*"
    }
    #expect(set == "JWT_JWKS_FILE: /nope: the file can't be read")
  }

  @Test func `is told of files that can be read, too`() async throws {
    try await withFile("shop hunter2-is-my-secret read") { path, _ in
      let keys = await self.problem { $0.keysFile = path }
      #expect(keys?.hasPrefix("API_KEYS_FILE: \(path): line 1 ") == true)
      #expect(keys?.contains("hunter2") == false)
      let set = await self.problem {
        $0.jwksFile = path
        $0.audience = "*"
      }
      #expect(set?.hasPrefix("JWT_JWKS_FILE: \(path): ") == true)
    }
  }

  @Test func `is told without the secret`() async {
    let problem = await self.problem { $0.tokenSecret = "sesame" }
    #expect(problem == "JWT_SECRET: the secret of tokens must have 32 bytes or more")
  }
}
