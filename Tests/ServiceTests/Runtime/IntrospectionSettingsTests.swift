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
      "OTEL_EXPORTER_OTLP_HEADERS": " Api-Key = a=b== , tenant=x,",
    ]).collectorFields
    #expect(fields == ["api-key": "a=b==", "tenant": "x"])
  }

  @Test(arguments: [
    ("a=Basic%20eDp5", "Basic eDp5"), ("a=x%2Cy%3D%25", "x,y=%"), ("a=1+2", "1+2"),
    ("a=%c3%A9", "é"), ("a=Bearer x", "Bearer x"), ("a=", ""),
  ])
  func `decode the values of the collector's fields`(text: String, value: String) throws {
    let fields = try self.settings(["OTEL_EXPORTER_OTLP_HEADERS": text]).collectorFields
    #expect(fields == ["a": value])
  }

  @Test(arguments: [
    "sesame", "=sesame", "a b=sesame", "a=b,sesame", "a=sesame%", "a=sesame%2", "a=%+1sesame",
    "a=%zzsesame", "a=%ffsesame", "a=sesame%0d%0Ab: c",
  ])
  func `take no malformed list of the collector's fields, and don't tell it`(text: String) {
    let error = #expect(throws: ConfigurationProblems.self) {
      try self.settings(["OTEL_EXPORTER_OTLP_HEADERS": text])
    }
    #expect(error?.problems.count == 1)
    #expect(error?.description.contains("sesame") == false)
  }

  @Test func `take no collector with a password, and don't tell it`() {
    let error = #expect(throws: ConfigurationProblems.self) {
      try self.settings(["OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:sesame@collector"])
    }
    #expect(error?.problems.count == 1)
    #expect(error?.description.contains("sesame") == false)
  }
}
