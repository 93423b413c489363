import HTTPMessage
import RPC

/// The page at "/" and the two files it needs, from memory.
enum Page {
  static func register(on server: inout RPCServer) {
    let files: [(path: String, type: String, body: [UInt8])] = [
      ("/", "text/html; charset=utf-8", PackageResources.index_html),
      ("/page.css", "text/css; charset=utf-8", PackageResources.page_css),
      ("/page.js", "text/javascript; charset=utf-8", PackageResources.page_js),
    ]
    for file in files {
      let response = HTTPResponse(
        status: 200,
        fields: Self.fields(type: file.type),
        body: file.body
      )
      server.route(file.path) { _ in response }
    }
  }

  /// Nothing but our own files and our own API; no frame may hold the page.
  private static func fields(type: String) -> HeaderFields {
    [
      "content-type": type,
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        + "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-cache",
    ]
  }
}
