import Contracts
import HTTPMessage
import OpenAPI
import RPC

/// The page at "/openapi.json".
enum OpenAPIPage {
  /// Describes the methods and pages that `server` has so far.
  static func register(on server: inout RPCServer, title: String, summary: String) {
    let document = OpenAPIDocument(
      title: title,
      summary: summary,
      schema: Schema.fileDescriptorSet,
      methods: server.methodPaths,
      pages: server.pagePaths + ["/openapi.json"]
    )
    server.route("/openapi.json") { _ in
      HTTPResponse(
        status: 200,
        fields: ["content-type": "application/json", "cache-control": "public, max-age=300"],
        body: Array(document.text.utf8)
      )
    }
  }
}
