package import Certificates
package import Channel
import Contracts
import HTTPClient
package import RPC

/// One of our services as another one calls it: every place where it answers, behind one client.
package struct BackendService: Sendable {
  /// `SERVICE_CONFIG_FILE`, for every service that calls others.
  package static let configFile = Setting<String?>.optional(
    "SERVICE_CONFIG_FILE",
    "JSON file in the form of gRPC's service config: timeouts, retries, hedging, balancing."
  )

  package let name: String
  /// As it was configured.
  package let places: String
  package let client: RPCClient
  private let channel: ServiceChannel
  /// What it is called with by TLS; `nil` in plain text.
  package let credentials: Credentials?

  /// Contacts nobody before the first call.
  ///
  /// - Parameters:
  ///   - name: For people.
  ///   - setting: Of the places where it answers.
  ///   - key: What the service knows its caller by, or `nil` where it asks for nothing.
  ///   - values: What else calls are configured with.
  /// - Throws: `ConfigurationProblems` with everything that is wrong with the service config or the
  ///   certificates.
  package init(
    _ name: String,
    at setting: Setting<ServiceTargets>,
    key: String?,
    _ values: SettingValues
  ) throws {
    let places = values[setting]
    let isEncrypted = places.targets.contains { $0.scheme == "https" }
    let credentials = isEncrypted ? try ClientTLSSettings.services.credentials(values) : nil
    let idempotency = IdempotencyTable(schema: Schema.fileDescriptorSet)
    let channel = ServiceChannel(
      name: name,
      targets: places.targets,
      config: try Self.config(values),
      idempotency: { path in
        path == HealthMethods.check.path ? .noSideEffects : idempotency[path]
      },
      transport: { Self.transport(to: $0, credentials) }
    )
    self.name = name
    self.places = places.text
    self.channel = channel
    self.credentials = credentials
    self.client = try RPCClient(
      baseURL: "http://\(name)",
      send: presenting(key, to: channel.handler)
    )
  }

  private static func config(
    _ values: SettingValues
  ) throws(ConfigurationProblems) -> ServiceConfig {
    guard let path = values[Self.configFile] else { return ServiceConfig() }
    guard let text = bytes(ofFile: path) else {
      throw ConfigurationProblems(["SERVICE_CONFIG_FILE: \(path) can't be read"])
    }
    do throws(ConfigProblems) {
      return try ServiceConfig(json: text)
    } catch {
      throw ConfigurationProblems(error.problems.map { "SERVICE_CONFIG_FILE: \($0)" })
    }
  }

  private static func transport(
    to address: EndpointAddress,
    _ credentials: Credentials?
  ) -> EndpointTransport {
    var configuration = HTTP2ClientConfiguration()
    // A machine that was cut off says nothing: calls in flight there are worth saving elsewhere.
    configuration.pingInterval = .seconds(2)
    configuration.pingTimeout = .seconds(3)
    let client = HTTP2Client(
      host: address.host,
      port: address.port,
      credentials: address.scheme == "https" ? credentials : nil,
      serverName: address.name,
      configuration: configuration
    )
    return EndpointTransport(handler: client.handler, close: client.close)
  }

  /// What is known of the places where the service answers.
  package func snapshot() -> ChannelSnapshot { self.channel.snapshot() }

  /// What keeps the service from answering, or `nil`.
  package func problem() async -> String? {
    do throws(RPCError) {
      let answer = try await self.client.call(HealthMethods.check, .init(), timeout: .seconds(1))
      return answer.status == .serving ? nil : "says that it is not serving"
    } catch {
      return "\(error.code.name): \(error.message)"
    }
  }

  package func close() async { await self.channel.close() }
}
