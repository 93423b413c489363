import ServiceRuntime
import Testing

@Suite struct `Certificates that providers are trusted by` {
  private func trusted(_ environment: [String: String]) throws -> String? {
    try VendorSettings.trustedCertificates(
      try SettingValues([VendorSettings.certificates.about], environment: environment)
    )
  }

  @Test func `are the system's where none are named`() throws {
    #expect(try self.trusted([:]) == nil)
  }

  @Test func `must be there`() {
    let error = #expect(throws: ConfigurationProblems.self) {
      try self.trusted(["PROVIDER_CA_FILE": "/nope"])
    }
    #expect(error?.problems == ["PROVIDER_CA_FILE: /nope: No such file or directory"])
  }
}
