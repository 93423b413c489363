import Certificates
import HTTPServer
import Logging
import RPC

/// What every service can be configured with.
struct ServerSettings: Sendable {
  static let host = Setting<String>.text("HOST", default: "127.0.0.1", "Address to listen on.")
  static let logLevel = Setting<String>.choice(
    "LOG_LEVEL",
    default: "info",
    of: Logger.Level.allCases.map(\.rawValue),
    "Least severe log entries to write."
  )
  static let threads = Setting<Int>.integer(
    "THREADS",
    default: 2,
    in: 1...256,
    "Event loops that answer requests."
  )
  static let maxBody = Setting<Int>.integer(
    "MAX_BODY_BYTES",
    default: 5 << 20,
    in: 1024...(256 << 20),
    "Largest request body as it comes over the wire."
  )
  static let maxMessage = Setting<Int>.integer(
    "MAX_MESSAGE_BYTES",
    default: 4 << 20,
    in: 1024...(256 << 20),
    "Largest request message after decompression."
  )
  static let maxHeader = Setting<Int>.integer(
    "MAX_HEADER_BYTES",
    default: 16 << 10,
    in: 1024...(64 << 10),
    "Largest header block."
  )
  static let maxStreams = Setting<Int>.integer(
    "MAX_STREAMS",
    default: 250,
    in: 1...10_000,
    "HTTP/2 streams open at once on a connection."
  )
  static let maxConnections = Setting<Int>.integer(
    "MAX_CONNECTIONS",
    default: 10_000,
    in: 1...1_000_000,
    "Connections at a time; further ones are closed at once."
  )
  static let maxAge = Setting<Int>.integer(
    "MAX_CONNECTION_AGE_SECONDS",
    default: 600,
    in: 0...604_800,
    "After which a client has to connect again, give or take a tenth, so that new replicas get "
      + "their share; 0 for never."
  )
  static let idleTimeout = Setting<Int>.integer(
    "IDLE_TIMEOUT_SECONDS",
    default: 120,
    in: 1...86_400,
    "How long a connection may stay open with nothing to do."
  )
  static let keepalive = Setting<Int>.integer(
    "KEEPALIVE_SECONDS",
    default: 30,
    in: 0...3600,
    "Silence with calls in flight after which an HTTP/2 client is asked whether it is there; 0 "
      + "for never."
  )
  static let readTimeout = Setting<Int>.integer(
    "READ_TIMEOUT_SECONDS",
    default: 10,
    in: 1...600,
    "Time for a request to arrive whole, and for the handshake of TLS."
  )
  static let defaultTimeout = Setting<Int>.integer(
    "DEFAULT_TIMEOUT_MS",
    default: 15_000,
    in: 1...600_000,
    "Deadline of a call that names none."
  )
  static let maxTimeout = Setting<Int>.integer(
    "MAX_TIMEOUT_MS",
    default: 120_000,
    in: 1...3_600_000,
    "Longest deadline of a call with one answer; longer ones are shortened to it. A stream lasts "
      + "as long as its caller says."
  )
  static let drainDelay = Setting<Int>.integer(
    "DRAIN_DELAY_SECONDS",
    default: 5,
    in: 0...300,
    "After SIGTERM: how long to serve on while readiness already says no."
  )

  static func port(default fallback: Int) -> Setting<Int> {
    .integer("PORT", default: fallback, in: 0...65_535, "TCP port; 0 takes a free one.")
  }

  static func table(defaultPort: Int) -> [SettingDescription] {
    [
      Self.host.about, Self.port(default: defaultPort).about, Self.logLevel.about,
      Self.threads.about, Self.maxBody.about, Self.maxMessage.about, Self.maxHeader.about,
      Self.maxStreams.about, Self.maxConnections.about, Self.maxAge.about, Self.idleTimeout.about,
      Self.keepalive.about, Self.readTimeout.about, Self.defaultTimeout.about,
      Self.maxTimeout.about, Self.drainDelay.about,
    ] + TLSSettings.table + ClientTLSSettings.services.table
  }

  let rpc: RPCLimits
  let level: Logger.Level
  let drainDelay: Duration
  /// `nil` serves in plain text.
  let credentials: Credentials?
  private let host: String
  private let port: Int
  private let limits: HTTPServerLimits

  /// Reads certificates and makes room for connections; throws all that is wrong with both.
  init(_ values: SettingValues, defaultPort: Int) throws(ConfigurationProblems) {
    var problems: [String] = []
    var credentials: Credentials?
    do throws(ConfigurationProblems) {
      credentials = try TLSSettings.credentials(values)
    } catch {
      problems += error.problems
    }
    if let problem = OpenFiles.problem(connections: values[Self.maxConnections]) {
      problems.append("\(Self.maxConnections.about.key): \(problem)")
    }
    guard problems.isEmpty else { throw ConfigurationProblems(problems) }
    self.credentials = credentials
    self.host = values[Self.host]
    self.port = values[Self.port(default: defaultPort)]
    var limits = HTTPServerLimits()
    limits.maxBodyBytes = values[Self.maxBody]
    limits.maxHeaderBytes = values[Self.maxHeader]
    limits.maxConcurrentStreams = values[Self.maxStreams]
    limits.maxConnections = values[Self.maxConnections]
    limits.maxConnectionAge = Self.seconds(values[Self.maxAge])
    limits.idleTimeout = .seconds(values[Self.idleTimeout])
    limits.pingInterval = Self.seconds(values[Self.keepalive])
    limits.requestReadTimeout = .seconds(values[Self.readTimeout])
    limits.handshakeTimeout = limits.requestReadTimeout
    self.limits = limits
    var rpc = RPCLimits()
    rpc.maxMessageBytes = values[Self.maxMessage]
    rpc.defaultTimeout = .milliseconds(values[Self.defaultTimeout])
    rpc.maxTimeout = .milliseconds(values[Self.maxTimeout])
    self.rpc = rpc
    self.level = Self.level(values)
    self.drainDelay = .seconds(values[Self.drainDelay])
  }

  static func level(_ values: SettingValues) -> Logger.Level {
    Logger.Level(rawValue: values[Self.logLevel]) ?? .info
  }

  /// A time that may be switched off by 0.
  private static func seconds(_ count: Int) -> Duration? { count > 0 ? .seconds(count) : nil }

  /// How to serve `server` to operators.
  func adminHTTP(_ address: AdminAddress, serving server: RPCServer) -> HTTPServerConfiguration {
    var http = self.http(serving: server)
    http.host = address.host
    http.port = address.port
    return http
  }

  /// How to serve `server`.
  func http(serving server: RPCServer) -> HTTPServerConfiguration {
    var http = HTTPServerConfiguration(host: self.host, port: self.port) { rejection, fields in
      server.response(to: rejection, fields)
    }
    http.limits = self.limits
    http.credentials = self.credentials
    return http
  }
}
