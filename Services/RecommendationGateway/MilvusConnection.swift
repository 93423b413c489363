import Certificates
import Channel
import HTTPClient
import MilvusStore
import ServiceRuntime

/// The way to a Milvus: a channel over all of its proxies.
struct MilvusConnection: Sendable {
  let store: MilvusCatalogStore
  /// `nil` in plain text.
  let credentials: Credentials?
  private let channel: ServiceChannel

  /// Contacts nobody before the first call.
  init(_ address: MilvusAddress, _ values: SettingValues) throws {
    let credentials =
      address.isEncrypted ? try GatewaySettings.milvusTLS.credentials(values) : nil
    self.credentials = credentials
    let serverName = values[GatewaySettings.milvusServerName]
    var config = ServiceConfig()
    // Its methods take from a millisecond to seconds, so that latencies would compare methods
    // rather than proxies.
    config.balancing = .leastRequest(choiceCount: 2)
    let channel = ServiceChannel(
      name: "milvus",
      targets: address.proxies.map { proxy in
        ChannelTarget(
          scheme: address.isEncrypted ? "https" : "http",
          host: proxy.host,
          port: proxy.port
        )
      },
      config: config,
      idempotency: MilvusCatalogStore.idempotency,
      healthProtocol: .grpc,
      transport: { Self.transport(to: $0, credentials, serverName: serverName) }
    )
    self.channel = channel
    self.store = MilvusCatalogStore(
      send: channel.handler,
      database: address.database,
      prefix: address.prefix,
      credentials: try MilvusCredentials(values)
    )
  }

  private static func transport(
    to address: EndpointAddress,
    _ credentials: Credentials?,
    serverName: String?
  ) -> EndpointTransport {
    var configuration = HTTP2ClientConfiguration()
    // Milvus ends connections that ask for a sign of life more often than every five seconds.
    // Source: https://github.com/milvus-io/milvus/blob/master/internal/distributed/proxy/service.go
    configuration.pingInterval = .seconds(6)
    configuration.pingTimeout = .seconds(4)
    let client = HTTP2Client(
      host: address.host,
      port: address.port,
      credentials: credentials,
      serverName: serverName ?? address.name,
      configuration: configuration
    )
    return EndpointTransport(handler: client.handler, close: client.close)
  }

  /// What is known of the proxies.
  func snapshot() -> ChannelSnapshot { self.channel.snapshot() }

  func close() async { await self.channel.close() }
}

extension MilvusCredentials {
  fileprivate init(_ values: SettingValues) throws(ConfigurationProblems) {
    let user = values[GatewaySettings.milvusUser]
    let password = values[GatewaySettings.milvusPassword]
    switch (values[GatewaySettings.milvusToken], user, password) {
    case (nil, nil, nil): self = .none
    case (let token?, nil, nil): self = .token(token)
    case (nil, let user?, let password?): self = .user(user, password: password)
    case (nil, _, _):
      throw ConfigurationProblems(["MILVUS_USER and MILVUS_PASSWORD: set both or none"])
    case (.some, _, _):
      throw ConfigurationProblems(["MILVUS_TOKEN and MILVUS_USER are both set: keep one"])
    }
  }
}
