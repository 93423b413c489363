import Certificates
import HTTPClient
import HTTPMessage
import HTTPServer
import NIOPosix

/// The rejection as the body and a status to match, with the request's ID if it came.
@Sendable
func rejection(_ reason: HTTPRejection, _ fields: HeaderFields) -> HTTPResponse {
  let status =
    switch reason {
    case .malformed: 400
    case .headerTooLarge: 431
    case .bodyTooLarge: 413
    case .readTimeout: 408
    case .unencrypted: 400
    }
  var response = HTTPResponse(status: status, body: Array("\(reason)".utf8))
  response.fields["x-request-id"] = fields["x-request-id"]
  return response
}

/// Serves on a free port of 127.0.0.1 while `body` runs.
func serving<R: Sendable>(
  port: Int = 0,
  limits: HTTPServerLimits = HTTPServerLimits(),
  credentials: Credentials? = nil,
  _ handler: @escaping HTTPHandler,
  while body: (Int) async throws -> R
) async throws -> R {
  var configuration = HTTPServerConfiguration(
    host: "127.0.0.1",
    port: port,
    rejection: rejection
  )
  configuration.limits = limits
  configuration.credentials = credentials
  return try await withHTTPServer(configuration, handler: handler) { address in
    try await body(address.port)
  }
}

/// Gives `body` a client that is closed afterwards.
func withClient<R: Sendable>(
  host: String = "127.0.0.1",
  port: Int,
  credentials: Credentials? = nil,
  group: MultiThreadedEventLoopGroup = .singleton,
  configuration: HTTP2ClientConfiguration = HTTP2ClientConfiguration(),
  _ body: (HTTP2Client) async throws -> R
) async throws -> R {
  let client = HTTP2Client(
    host: host,
    port: port,
    credentials: credentials,
    group: group,
    configuration: configuration
  )
  do {
    let result = try await body(client)
    await client.close()
    return result
  } catch {
    await client.close()
    throw error
  }
}

/// Answers with what came: the body, and the rest of the request in fields.
@Sendable
func echo(_ request: HTTPRequest) async throws -> HTTPResponse {
  HTTPResponse(
    status: 200,
    fields: [
      "x-method": request.method, "x-target": request.target, "x-authority": request.authority,
    ],
    body: request.body
  )
}

extension HTTPResponse {
  var text: String { String(decoding: self.body, as: UTF8.self) }
}
