import ArgumentParser
import HTTPClient
import HTTPMessage

/// Asks the service on this machine whether it is ready: what a container's health check runs.
struct Healthcheck<S: Service>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "healthcheck",
      abstract: "Exit 0 when the running service is ready."
    )
  }

  func run() async throws {
    let values = try ServiceRuntime.configuration(of: S.self)
    let host = values[ServerSettings.host]
    let port = values[ServerSettings.port(default: S.defaultPort)]
    let client = HTTP2Client(host: host == "0.0.0.0" ? "127.0.0.1" : host, port: port)
    let response = try? await client.send(HTTPRequest(method: "GET", target: "/readyz"))
    await client.close()
    guard response?.status == 200 else { throw ExitCode.failure }
  }
}
