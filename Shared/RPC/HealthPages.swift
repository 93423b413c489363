import HTTPMessage
import SwiftProtobuf

/// The methods of `grpc.health.v1.Health`.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
package enum HealthMethods {
  package static let check = Method<
    Grpc_Health_V1_HealthCheckRequest, Grpc_Health_V1_HealthCheckResponse
  >(service, "Check", .noSideEffects)
  package static let watch = StreamMethod<
    Grpc_Health_V1_HealthCheckRequest, Grpc_Health_V1_HealthCheckResponse
  >(service, "Watch", .noSideEffects)
  package static let list = Method<
    Grpc_Health_V1_HealthListRequest, Grpc_Health_V1_HealthListResponse
  >(service, "List", .noSideEffects)

  private static let service = "grpc.health.v1.Health"
}

extension RPCServer {
  mutating func registerHealth() {
    let health = self.health
    self.register(HealthMethods.check, cacheControl: "no-store") { request, _ in
      guard health.has(service: request.service) else {
        throw RPCError(
          .notFound,
          "no service of this name is here",
          details: [.errorInfo(reason: "UNKNOWN_SERVICE")]
        )
      }
      let status = await health.status
      return .with { $0.status = status }
    }
    self.register(HealthMethods.list, cacheControl: "no-store") { _, _ in
      let status = await health.status
      return .with { list in
        for service in health.services {
          list.statuses[service] = .with { $0.status = status }
        }
      }
    }
    self.register(HealthMethods.watch) { request, _, writer in
      try await health.watch(request.service, writer)
    }
    // Alive is whoever answers: a failing dependency is no reason to be restarted.
    self.route("/livez") { _ in .text("ok\n") }
    self.route("/startupz") { _ in
      health.hasStarted ? .text("ok\n") : .text("starting\n", status: 503)
    }
    self.add(
      Page(path: "/readyz", isForOperators: false) { request, mayInspect in
        let report = await health.report()
        let isVerbose = Query(request.query)["verbose"] != nil
        guard !report.isReady || isVerbose else { return .text("ok\n") }
        // Reasons name machines and models; who fails is what any probe may know.
        return .text(
          report.text(all: isVerbose, withReasons: mayInspect()),
          status: report.isReady ? 200 : 503
        )
      }
    )
  }
}

extension Health {
  fileprivate var status: Grpc_Health_V1_HealthCheckResponse.ServingStatus {
    get async { await self.report().isReady ? .serving : .notServing }
  }

  /// Sends the status of a service now and each time it changes, until the server is about to stop.
  ///
  /// - Throws: `unavailable` at the end, so that no watcher holds up the server's own.
  fileprivate func watch(
    _ service: String,
    _ writer: StreamWriter<Grpc_Health_V1_HealthCheckResponse>
  ) async throws {
    var last: Grpc_Health_V1_HealthCheckResponse.ServingStatus?
    while true {
      let isLast = self.isDraining
      let status = self.has(service: service) ? await self.status : .serviceUnknown
      if status != last {
        try await writer.send(.with { $0.status = status })
        last = status
      }
      if isLast { throw Refusal.draining }
      try await Task.sleep(for: self.watchPeriod)
    }
  }
}

extension Health.Report {
  /// One line for each result, or for each that failed.
  fileprivate func text(all: Bool, withReasons: Bool) -> String {
    self.results.reduce(into: "") { text, result in
      switch result.failure {
      case let failure? where withReasons: text += "[-]\(result.name) failed: \(failure)\n"
      case _?: text += "[-]\(result.name) failed\n"
      case nil where all: text += "[+]\(result.name) ok\n"
      case nil: break
      }
    }
  }
}

extension HTTPResponse {
  fileprivate static func text(_ text: String, status: Int = 200) -> HTTPResponse {
    HTTPResponse(
      status: status,
      fields: ["content-type": "text/plain; charset=utf-8", "cache-control": "no-store"],
      body: Array(text.utf8)
    )
  }
}
