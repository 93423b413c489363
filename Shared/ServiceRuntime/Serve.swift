import ArgumentParser
import Contracts
import HTTPMessage
import HTTPServer
import Logging
import NIOCore
import OpenAPI
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
    let settings = ServerSettings(values, defaultPort: S.defaultPort)
    let shown = IntrospectionSettings(values)
    let introspection = Introspection(shown, service: S.name, level: settings.level)
    let service = try wired(S.self, values)
    let logger = ServiceRuntime.logger(for: S.name, level: settings.level)
    let health = Health()
    let server = self.server(of: service, settings, introspection, health)
    let signals = TerminationSignals()
    do {
      try await introspection.running {
        let main = settings.http(serving: server)
        guard let address = shown.admin else {
          return try await self.serve(main, server, settings, health, signals, logger)
        }
        var pages = service.debugPages
        pages["config"] = { AdminPages.configuration(S.allSettings, values) }
        let admin = AdminPages.server(introspection, health: health, debug: pages)
        try await withHTTPServer(
          settings.adminHTTP(address, serving: admin),
          handler: admin.handler
        ) { address in
          logger.info(
            "listening for operators",
            metadata: ["host": "\(address.host)", "port": "\(address.port)"]
          )
          try await self.serve(main, server, settings, health, signals, logger)
        }
      }
    } catch {
      complain("\(S.name): \(error)")
      throw ExitCode.failure
    }
    await service.close()
    logger.info("stopped")
  }

  private func server(
    of service: S,
    _ settings: ServerSettings,
    _ introspection: Introspection,
    _ health: Health
  ) -> RPCServer {
    var server = RPCServer(
      schema: Schema.fileDescriptorSet,
      limits: settings.rpc,
      health: health,
      tracer: introspection.tracer,
      observe: introspection.accessLog.write
    )
    service.register(on: &server, health: health)
    introspection.addMetricsPage(to: &server)
    OpenAPIPage.register(on: &server, title: S.name, summary: S.summary)
    IndexPage.register(on: &server, title: "\(S.name): \(S.summary)")
    return server
  }

  nonisolated(nonsending) private func serve(
    _ configuration: HTTPServerConfiguration,
    _ server: RPCServer,
    _ settings: ServerSettings,
    _ health: Health,
    _ signals: TerminationSignals,
    _ logger: Logger
  ) async throws {
    try await withHTTPServer(configuration, handler: server.handler) { address in
      health.start()
      logger.info(
        "listening",
        metadata: ["host": "\(address.host)", "port": "\(address.port)"]
      )
      let signal = await signals.first()
      health.drain()
      logger.info("draining", metadata: ["signal": "\(signal.name)"])
      // Whoever balances load needs this long to see that readiness says no.
      if signal.isPolite { try? await Task.sleep(for: settings.drainDelay) }
    }
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
