import Admission
import ArgumentParser
import Certificates
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
    let shown = IntrospectionSettings(values)
    // Before the service: what it counts must find where it is kept.
    let introspection = Introspection(
      shown,
      service: S.name,
      level: ServerSettings.level(values)
    )
    let (settings, service) = try assembled(S.self, values)
    let logger = ServiceRuntime.logger(
      for: S.name,
      level: settings.level,
      lines: introspection.accessLog.lines
    )
    let health = Health { result in
      // Readiness gives reasons to operators only; the log is where they look first.
      if let failure = result.failure {
        logger.warning("not ready", metadata: ["check": "\(result.name)", "reason": "\(failure)"])
      } else {
        logger.info("ready again", metadata: ["check": "\(result.name)"])
      }
    }
    let admission = try await admission(S.self, values) { event in
      logger.warning("admission", metadata: ["event": "\(event)"])
    }
    var server = self.server(
      of: service,
      settings,
      introspection,
      health,
      hasAdminAddress: shown.admin != nil
    )
    server.hooks = admission.hooks
    let crossOrigin = values[AdmissionSettings.crossOrigin]
    var main = settings.http(serving: server)
    main.admit = server.door(crossOrigin)
    let serving = Serving(
      configuration: main,
      handler: server.handler(crossOrigin),
      drainDelay: settings.drainDelay,
      credentials: [settings.credentials].compactMap(\.self) + service.credentials,
      health: health,
      signals: TerminationSignals(),
      logger: logger
    )
    do {
      async let _: Void = admission.keepCurrent()
      try await introspection.running {
        guard let address = shown.admin else { return try await serving.run() }
        var pages = service.debugPages
        pages["config"] = { AdminPages.configuration(S.allSettings, values) }
        let admin = AdminPages.server(introspection, health: health, debug: pages)
        do {
          try await withHTTPServer(
            settings.adminHTTP(address, serving: admin),
            handler: admin.handler(nil)
          ) { address in
            logger.info(
              "listening for operators",
              metadata: ["host": "\(address.host)", "port": "\(address.port)"]
            )
            try await serving.run()
          }
        } catch let error as UnavailableAddress {
          throw ConfigurationProblems(error, host: "ADMIN_HOST", port: "ADMIN_PORT")
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
    _ health: Health,
    hasAdminAddress: Bool
  ) -> RPCServer {
    var server = RPCServer(
      schema: Schema.fileDescriptorSet,
      limits: settings.rpc,
      health: health,
      tracer: introspection.tracer,
      observe: introspection.accessLog.write
    )
    service.register(on: &server, health: health)
    // Operators who have an address of their own need none of it here.
    if !hasAdminAddress { introspection.addMetricsPage(to: &server) }
    OpenAPIPage.register(on: &server, title: S.name, summary: S.summary)
    IndexPage.register(on: &server, title: "\(S.name): \(S.summary)")
    return server
  }
}

/// A service's own listener, from its start to the end of its drain.
private struct Serving: Sendable {
  var configuration: HTTPServerConfiguration
  var handler: HTTPHandler
  var drainDelay: Duration
  /// The server's own, and those of the services behind it.
  var credentials: [Credentials]
  var health: Health
  var signals: TerminationSignals
  var logger: Logger

  func run() async throws {
    do { try await self.serve() } catch let error as UnavailableAddress {
      throw ConfigurationProblems(error, host: "HOST", port: "PORT")
    }
  }

  private func serve() async throws {
    try await withHTTPServer(self.configuration, handler: self.handler) { address in
      self.health.start()
      self.logger.info(
        "listening",
        metadata: ["host": "\(address.host)", "port": "\(address.port)"]
      )
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await CertificateWatch.run(self.credentials, self.logger) }
        let signal = await self.signals.first()
        self.health.drain()
        self.logger.info("draining", metadata: ["signal": "\(signal.name)"])
        // Whoever balances load needs this long to see that readiness says no.
        if signal.isPolite { try? await Task.sleep(for: self.drainDelay) }
        group.cancelAll()
      }
    }
  }
}

extension ConfigurationProblems {
  /// An address that can't be had as a problem of the setting that names it.
  fileprivate init(_ error: UnavailableAddress, host: String, port: String) {
    self.init(["\(error.isForPort ? port : host): \(error)"])
  }
}

func logger(for service: String, level: Logger.Level, lines: LineBuffer) -> Logger {
  Logger(label: service) { _ in JSONLogHandler(service: service, level: level, lines: lines) }
}
