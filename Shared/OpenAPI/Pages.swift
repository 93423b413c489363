import JSONText

/// The pages that programs ask for.
enum Pages {
  private struct Page {
    var path: String
    var name: String
    var summary: String
    var types: [String]
    /// What status 503 means, for a page that has it.
    var unavailable: String?
    var parameters: JSONValue?
  }

  private static let known: [Page] = [
    Page(
      path: "/livez",
      name: "livez",
      summary: "Answers as long as the process does",
      types: ["text/plain"]
    ),
    Page(
      path: "/metrics",
      name: "metrics",
      summary: "Metrics for Prometheus",
      types: ["text/plain", "application/openmetrics-text"]
    ),
    Page(
      path: "/openapi.json",
      name: "openapi",
      summary: "This document",
      types: ["application/json"]
    ),
    Page(
      path: "/readyz",
      name: "readyz",
      summary: "Whether calls may be sent here",
      types: ["text/plain"],
      unavailable: "They may not; the lines say why.",
      parameters: [
        [
          "name": "verbose", "in": "query", "allowEmptyValue": true,
          "description": "Shows what is well, too.",
          "schema": ["type": "string"],
        ]
      ]
    ),
    Page(
      path: "/schema.binpb",
      name: "schema",
      summary: "The contracts as a FileDescriptorSet, for buf curl and others",
      types: ["application/x-protobuf"]
    ),
    Page(
      path: "/startupz",
      name: "startupz",
      summary: "Whether start-up is over",
      types: ["text/plain"],
      unavailable: "It is not."
    ),
  ]

  static func json(_ paths: [String]) -> [(String, JSONValue)] {
    self.known.filter { paths.contains($0.path) }.map { page in
      (page.path, ["get": Self.operation(page)])
    }
  }

  private static func operation(_ page: Page) -> JSONValue {
    let content = JSONValue.members(
      page.types.map { type in
        let isJSON = type == "application/json"
        return (type, ["schema": ["type": isJSON ? "object" : "string"]])
      }
    )
    func response(_ description: String) -> JSONValue {
      [
        "description": .string(description),
        "headers": Parameters.headers(["X-Request-Id"]),
        "content": content,
      ]
    }
    let unavailable = page.unavailable.map { [("503", response($0))] } ?? []
    return .members([
      "operationId": .string(page.name),
      "tags": ["pages"],
      "summary": .string(page.summary),
      "parameters": page.parameters,
      "responses": .members(
        [("200", response("What was asked for."))] + unavailable + [Errors.reference(405)]
      ),
    ])
  }
}
