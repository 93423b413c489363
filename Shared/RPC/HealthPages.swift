import HTTPMessage
import SwiftProtobuf

/// The methods of `grpc.health.v1.Health` that are answered here.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
package enum HealthMethods {
  package static let check = Method<
    Grpc_Health_V1_HealthCheckRequest, Grpc_Health_V1_HealthCheckResponse
  >("grpc.health.v1.Health", "Check", .noSideEffects)
}

extension RPCServer {
  mutating func registerHealth() {
    let health = self.health
    self.register(HealthMethods.check) { request, _ in
      guard health.has(service: request.service) else {
        throw RPCError(
          .notFound,
          "no service of this name is here",
          details: [.errorInfo(reason: "UNKNOWN_SERVICE")]
        )
      }
      let isReady = await health.report().isReady
      return .with { $0.status = isReady ? .serving : .notServing }
    }
    // Alive is whoever answers: a failing dependency is no reason to be restarted.
    self.route("/livez") { _ in .text("ok\n") }
    self.route("/startupz") { _ in
      health.hasStarted ? .text("ok\n") : .text("starting\n", status: 503)
    }
    self.route("/readyz") { request in
      let report = await health.report()
      let isVerbose = Query(request.query)["verbose"] != nil
      return .text(
        report.isReady && !isVerbose ? "ok\n" : report.text(all: isVerbose),
        status: report.isReady ? 200 : 503
      )
    }
  }
}

extension Health.Report {
  /// One line for each result, or for each that failed.
  fileprivate func text(all: Bool) -> String {
    self.results.reduce(into: "") { text, result in
      switch result.failure {
      case let failure?: text += "[-]\(result.name) failed: \(failure)\n"
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
