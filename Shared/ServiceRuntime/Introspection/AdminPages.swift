import Contracts
import HTTPMessage
import JSONText
import RPC

/// What operators may look at, on an address of its own.
enum AdminPages {
  /// A server of `/metrics` and `/debugz`, and of what every server answers.
  static func server(
    _ introspection: Introspection,
    health: Health,
    debug pages: [String: @Sendable () async -> JSONValue]
  ) -> RPCServer {
    var server = RPCServer(
      schema: Schema.fileDescriptorSet,
      health: health,
      observe: introspection.accessLog.write
    )
    introspection.addMetricsPage(to: &server)
    for (name, page) in pages {
      server.route("/debugz/\(name)") { _ in .json(await page()) }
    }
    IndexPage.register(on: &server, title: "admin")
    return server
  }

  /// Every setting, without the values of secrets.
  static func configuration(
    _ settings: [SettingDescription],
    _ values: SettingValues
  ) -> JSONValue {
    .members(settings.map { ($0.key, .string(values.shown($0))) })
  }
}

/// The page at "/" of a server that has none: what can be asked, a line each.
enum IndexPage {
  /// Registers it last, as it lists what is there.
  static func register(on server: inout RPCServer, title: String) {
    guard !server.pagePaths.contains("/") else { return }
    let lines =
      [title, ""] + server.methodPaths.map { "POST \($0)" } + server.pagePaths.map { "GET  \($0)" }
    let response = HTTPResponse(
      status: 200,
      fields: ["content-type": "text/plain; charset=utf-8", "cache-control": "no-store"],
      body: Array((lines.joined(separator: "\n") + "\n").utf8)
    )
    server.route("/") { _ in response }
  }
}

extension HTTPResponse {
  static func json(_ value: JSONValue) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      fields: ["content-type": "application/json", "cache-control": "no-store"],
      body: Array(value.text.utf8)
    )
  }
}
