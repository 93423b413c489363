package import HTTPMessage

/// A machine that answers, as it was configured or found.
package struct EndpointAddress: Sendable, Hashable, CustomStringConvertible {
  /// "http" or "https".
  package var scheme: String
  /// The name that was configured: what calls are addressed to and certificates are checked for.
  package var name: String
  /// The IP address to connect to, or the name where it stands for itself.
  package var host: String
  /// 1...65,535.
  package var port: Int

  package init(scheme: String = "http", name: String, host: String, port: Int) {
    self.scheme = scheme
    self.name = name
    self.host = host
    self.port = port
  }

  /// As in "10.0.0.7:8081".
  package var description: String { Self.authority(self.host, self.port) }

  /// As in "embedding:8082".
  var authority: String { Self.authority(self.name, self.port) }

  private static func authority(_ host: String, _ port: Int) -> String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// How to reach an endpoint.
package struct EndpointTransport: Sendable {
  package var handler: HTTPHandler
  /// Ends its connections; called once, after the last call.
  package var close: @Sendable () async -> Void

  package init(
    handler: @escaping HTTPHandler,
    close: @escaping @Sendable () async -> Void = {}
  ) {
    self.handler = handler
    self.close = close
  }
}

/// A name or an address that stands for one or more endpoints.
package struct ChannelTarget: Sendable, Hashable {
  /// "http" or "https".
  package var scheme: String
  /// A name, which is looked up again and again, or an IP address.
  package var host: String
  /// 1...65,535.
  package var port: Int

  package init(scheme: String = "http", host: String, port: Int) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// Whether the host stands for itself alone.
  var isAddress: Bool { SystemResolver.isAddress(self.host) }

  func endpoint(at host: String) -> EndpointAddress {
    EndpointAddress(scheme: self.scheme, name: self.host, host: host, port: self.port)
  }
}
