import ArgumentParser
import Certificates
import HTTPClient
import HTTPMessage
import RPC

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
    let isEncrypted = values[TLSSettings.certificate] != nil
    let client = HTTP2Client(
      host: host == "0.0.0.0" ? "127.0.0.1" : host,
      port: port,
      credentials: isEncrypted
        ? try ClientTLSSettings.services.credentials(values, role: .trustingClient) : nil
    )
    let request = HTTPRequest(
      method: "GET",
      scheme: isEncrypted ? "https" : "http",
      target: "/readyz"
    )
    let response: HTTPResponse
    do {
      // Sooner than a container's runtime gives the check up, so that it says why.
      response = try await withDeadline(.now + .seconds(2)) { try await client.send(request) }
    } catch is DeadlineExceeded {
      complain("\(S.name): no answer within 2 s")
      throw ExitCode.failure
    } catch {
      complain("\(S.name): \(error)")
      throw ExitCode.failure
    }
    await client.close()
    guard response.status == 200 else {
      let failed = String(decoding: response.body, as: UTF8.self)
      complain("\(S.name): not ready\n\(failed)", terminator: "")
      throw ExitCode.failure
    }
  }
}
