import HTTPMessage
import Testing

@testable import ServiceRuntime

@Suite struct `Settings of what a service shows` {
  private func settings(_ environment: [String: String]) throws -> IntrospectionSettings {
    IntrospectionSettings(
      try SettingValues(IntrospectionSettings.table, environment: environment)
    )
  }

  @Test func `show nothing to operators and send nothing unless they are set`() throws {
    let settings = try self.settings([:])
    #expect(settings.admin == nil)
    #expect(settings.collector == nil)
    #expect(settings.logsCalls)
  }

  @Test func `listen for operators on this machine unless told otherwise`() throws {
    #expect(try self.settings(["ADMIN_PORT": "0"]).admin == .init(host: "127.0.0.1", port: 0))
    let elsewhere = ["ADMIN_PORT": "65535", "ADMIN_HOST": "0.0.0.0"]
    #expect(try self.settings(elsewhere).admin == .init(host: "0.0.0.0", port: 65_535))
  }

  @Test(arguments: ["-1", "65536", "x", "80 "]) func `take no port beyond the range`(text: String) {
    #expect(throws: ConfigurationProblems.self) { try self.settings(["ADMIN_PORT": text]) }
  }

  @Test func `read the collector's fields, whose values may have equals signs`() throws {
    let fields = try self.settings([
      "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/",
      "OTEL_EXPORTER_OTLP_HEADERS": " Api-Key = a=b== , tenant=x,broken,=",
    ]).collectorFields
    #expect(fields["api-key"] == "a=b==")
    #expect(fields["tenant"] == "x")
    #expect(fields["broken"] == nil)
  }

  @Test func `take no collector with a password, and don't tell it`() {
    let error = #expect(throws: ConfigurationProblems.self) {
      try self.settings(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:sesame@collector"])
    }
    #expect(error?.problems.count == 1)
    #expect(error?.description.contains("sesame") == false)
  }
}
