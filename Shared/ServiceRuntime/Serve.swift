import ArgumentParser
import Contracts
import HTTPMessage
import HTTPServer
import Logging
import NIOCore
import RPC
import Telemetry

struct Serve<S: Service>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "serve", abstract: "Answer calls until SIGTERM or Ctrl-C.")
  }

  func run() async throws {
    let values = try ServiceRuntime.configuration(of: S.self)
    // Server and clients share their event loops, so that a call stays on the loop it came in on.
    // NIO takes the number once, before anything else touches the loops.
    NIOSingletons.groupLoopCountSuggestion = values[ServerSettings.threads]
    let (settings, service) = try assembled(S.self, values)
    let logger = ServiceRuntime.logger(for: S.name, level: settings.level)
    let health = Health()
    var server = RPCServer(
      schema: Schema.fileDescriptorSet,
      limits: settings.rpc,
      health: health,
      observe: { record in logger.log(record) }
    )
    service.register(on: &server, health: health)
    let signals = TerminationSignals()
    do {
      let configuration = settings.http(serving: server)
      try await withHTTPServer(configuration, handler: server.handler) { address in
        health.start()
        logger.info(
          "listening",
          metadata: ["host": "\(address.host)", "port": "\(address.port)"]
        )
        await withTaskGroup(of: Void.self) { group in
          if let credentials = settings.credentials {
            group.addTask { await CertificateWatch.run(credentials, logger) }
          }
          let signal = await signals.first()
          health.drain()
          logger.info("draining", metadata: ["signal": "\(signal.name)"])
          // Whoever balances load needs this long to see that readiness says no.
          if signal.isPolite { try? await Task.sleep(for: settings.drainDelay) }
          group.cancelAll()
        }
      }
    } catch {
      complain("\(S.name): \(error)")
      throw ExitCode.failure
    }
    await service.close()
    logger.info("stopped")
  }
}

extension RPCServer {
  fileprivate var handler: HTTPHandler {
    { request in await self.handle(request) }
  }
}

func logger(for service: String, level: Logger.Level) -> Logger {
  Logger(label: service) { _ in JSONLogHandler(service: service, level: level) }
}

extension Logger {
  /// One line a call: failures of ours as warnings, everything else for debugging.
  ///
  /// That a service isn't ready is what `/readyz` is asked for, and no failure of the page's.
  fileprivate func log(_ record: CallRecord) {
    var metadata: Logger.Metadata = [
      "method": "\(record.method)", "status": "\(record.status)",
      "requestID": "\(record.requestID)",
      "milliseconds": "\(Int(record.duration / .milliseconds(1)))",
      "requestBytes": "\(record.requestBytes)", "responseBytes": "\(record.responseBytes)",
    ]
    if let code = record.code {
      metadata["code"] = "\(code.name)"
    } else if record.status < 400 {
      metadata["code"] = "ok"
    }
    if let codec = record.codec { metadata["codec"] = "\(codec.rawValue)" }
    if let failure = record.failure { metadata["failure"] = "\(failure)" }
    let isOurs = record.status >= 500 && record.method != "/readyz"
    self.log(level: isOurs ? .warning : .debug, "call", metadata: metadata)
  }
}
