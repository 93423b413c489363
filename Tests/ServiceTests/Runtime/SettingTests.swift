import Foundation
import Testing

@testable import ServiceRuntime

@Suite struct `Settings` {
  static let count = Setting<Int>.integer("COUNT", default: 5, in: 1...10, "A count.")
  static let address = Setting<String>.url("ADDRESS", default: "http://a:1", "An address.")
  static let key = Setting<String?>.secret("KEY", "A key.")
  static let table = [Self.count.about, Self.address.about, Self.key.about]

  @Test func `what is not set has its default, and an empty variable is not set`() throws {
    let values = try SettingValues(Self.table, environment: ["COUNT": ""])
    #expect(values[Self.count] == 5)
    #expect(values[Self.address] == "http://a:1")
    #expect(values[Self.key] == nil)
  }

  @Test(arguments: [("1", 1), ("10", 10)]) func `the ends of a range are allowed`(
    text: String,
    number: Int
  ) throws {
    #expect(try SettingValues(Self.table, environment: ["COUNT": text])[Self.count] == number)
  }

  @Test(arguments: ["0", "11", "1.5", "ten", "-1", "99999999999999999999"])
  func `beyond a range is a problem that says what is allowed`(text: String) {
    let error = #expect(throws: ConfigurationProblems.self) {
      try SettingValues(Self.table, environment: ["COUNT": text])
    }
    #expect(error?.problems == ["COUNT: \"\(text)\" is not a valid integer, allowed: 1...10"])
  }

  @Test func `all problems are told at once and no secret with them`() {
    let error = #expect(throws: ConfigurationProblems.self) {
      try SettingValues(
        Self.table,
        environment: [
          "COUNT": "x", "ADDRESS": "ftp://b", "KEY": "sesame", "KEY_FILE": "/nonexistent",
        ]
      )
    }
    #expect(error?.problems.count == 3)
    #expect(error?.description.contains("sesame") == false)
  }

  @Test func `a secret comes from a file, without the line break at its end`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    try "sesame \n".write(to: file, atomically: true, encoding: .utf8)
    let values = try SettingValues(Self.table, environment: ["KEY_FILE": file.path])
    #expect(values[Self.key] == "sesame")
    #expect(values.shown(Self.key.about) == "(set)")
  }

  @Test(arguments: [
    "http://user:sesame@b", "https://user:sesame@b/v1", "user:sesame@b", "http//u:sesame@b",
    "https://sesame@",
  ])
  func `an address with a password is refused and not shown`(text: String) {
    let error = #expect(throws: ConfigurationProblems.self) {
      try SettingValues(Self.table, environment: ["ADDRESS": text])
    }
    #expect(error?.problems == ["ADDRESS: is not a valid URL, allowed: http:// or https://"])
  }

  @Test func `an address may have an at sign in its path`() throws {
    let values = try SettingValues(Self.table, environment: ["ADDRESS": "http://b/@v1"])
    #expect(values[Self.address] == "http://b/@v1")
  }

  @Test(arguments: ["http://h", "https://h", "http://h:1"])
  func `a host may have one letter`(text: String) throws {
    let values = try SettingValues(Self.table, environment: ["ADDRESS": text])
    #expect(values[Self.address] == text)
  }

  @Test(arguments: ["http://", "https://", "http:///v1", "https://?a", "http:/h"])
  func `an address without a host is refused`(text: String) {
    #expect(throws: ConfigurationProblems.self) {
      try SettingValues(Self.table, environment: ["ADDRESS": text])
    }
  }

  @Test func `a slash at the end of an address is dropped`() throws {
    let values = try SettingValues(Self.table, environment: ["ADDRESS": "https://b/v1/"])
    #expect(values[Self.address] == "https://b/v1")
  }
}

@Suite struct `The address of a service` {
  @Test(arguments: [
    ("http://a:8081", "a", 8081), ("http://a", "a", 80), ("http://a/", "a", 80),
    ("http://127.0.0.1:1", "127.0.0.1", 1), ("http://[::1]:65535", "::1", 65_535),
    ("http://[::1]", "::1", 80), ("https://a:8081", "a", 8081), ("https://a", "a", 443),
    ("https://[::1]", "::1", 443),
  ])
  func `is read`(url: String, host: String, port: Int) {
    let address = ServiceAddress(url: url)
    #expect(address?.isEncrypted == url.hasPrefix("https"))
    #expect(address?.host == host)
    #expect(address?.port == port)
  }

  @Test(arguments: [
    "", "a:1", "httpss://a:1", "http://", "https://", "http://:80", "http://a:0", "http://a:65536",
    "http://a:x",
    "http://a:1/b", "http://u@a", "http://a?b",
  ])
  func `that is none is refused`(url: String) {
    #expect(ServiceAddress(url: url) == nil)
  }
}
