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
  /// Its full name in the contracts.
  private let service: String
  /// The settings of its places and of our key, for people.
  private let settings: (places: String, key: String)
  private let keyVerdict = KeyVerdict()
  private let channel: ServiceChannel
  /// What it is called with by TLS; `nil` in plain text.
  package let credentials: Credentials?

  /// Contacts nobody before the first call.
  ///
  /// - Parameters:
  ///   - name: For people.
  ///   - service: Its full name in the contracts.
  ///   - setting: Of the places where it answers.
  ///   - key: Of what the service knows its caller by; not set where it asks for nothing.
  ///   - values: What else calls are configured with.
  /// - Throws: `ConfigurationProblems` with everything that is wrong with the service config or the
  ///   certificates.
  package init(
    _ name: String,
    of service: String,
    at setting: Setting<ServiceTargets>,
    key: Setting<String?>,
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
    self.service = service
    self.settings = (setting.about.key, key.about.key)
    var client = try RPCClient(
      baseURL: "http://\(name)",
      send: presenting(values[key], to: channel.handler)
    )
    client.translate = { $0.behind(service) }
    self.client = client
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

  /// What keeps the service from answering us, or `nil`.
  package func problem() async -> String? {
    var request = Grpc_Health_V1_HealthCheckRequest()
    request.service = self.service
    do throws(RPCError) {
      let answer = try await self.client.call(HealthMethods.check, request, timeout: .seconds(1))
      guard answer.status == .serving else { return "says that it is not serving" }
      return await self.keyProblem()
    } catch {
      return self.explanation(of: error)
    }
  }

  /// Anyone may ask a service for its health; the list of all needs a key and asks no model.
  private func keyProblem() async -> String? {
    guard !self.keyVerdict.isTaken else { return nil }
    do throws(RPCError) {
      _ = try await self.client.call(HealthMethods.list, .init(), timeout: .milliseconds(500))
      self.keyVerdict.set(isRefused: false)
    } catch {
      // Any other error says nothing of the key.
      if error.reason == RPCError.refusedKey { self.keyVerdict.set(isRefused: true) }
    }
    return self.keyVerdict.isRefused ? self.refusal : nil
  }

  private var refusal: String { "refused our key: see \(self.settings.key)" }

  /// What an error says of our settings, or `nil` where they are not at fault.
  package func misconfiguration(by error: RPCError) -> String? {
    let reasons = [RPCError.refusedKey, RPCError.misconfigured]
    guard let reason = error.reason, reasons.contains(reason) else { return nil }
    return self.explanation(of: error)
  }

  /// What an error of the service says to who can correct it.
  private func explanation(of error: RPCError) -> String {
    if error.reason == RPCError.refusedKey { return self.refusal }
    if error.reason == RPCError.misconfigured || error.code == .notFound {
      return "is another service: see \(self.settings.places)"
    }
    return "\(error.code.name): \(error.message)"
  }

  package func close() async { await self.channel.close() }
}
