import CCurl
package import HTTPMessage

/// Sends requests to the outside world: HTTP/2 where TLS negotiates it, HTTP/1.1 otherwise.
///
/// Connections are kept and shared. Certificates are verified, redirects are not followed, cookies
/// are not kept, and a proxy is taken from the environment as libcurl does (`https_proxy`,
/// `no_proxy`, …).
package final class CurlClient: Sendable {
  /// The limits of a client.
  package struct Configuration: Sendable, Hashable {
    /// For name resolution, TCP and TLS together.
    package var connectTimeout: Duration = .seconds(5)
    /// How long a peer may take nothing of what was sent to it until its connection counts as dead:
    /// calls on it end, and later ones make a new one.
    package var silenceLimit: Duration = .seconds(10)
    /// How old a connection may be when a call takes it up; one in use is not cut off.
    package var connectionLifetime: Duration = .seconds(300)
    /// Of a response's body.
    package var maxResponseBytes = 32 << 20
    package var userAgent = "netflixgpt/1"
    /// A PEM file of the certificates to trust, `nil` for the system's.
    package var trustedCertificates: String?

    package init() {}
  }

  private let inbox: Inbox

  /// Starts the client's thread; where that fails, every `send` throws `unreachable`.
  package init(configuration: Configuration = Configuration()) {
    guard Self.isLibraryReady, let multi = MultiHandle() else {
      self.inbox = Inbox(waking: nil)
      return
    }
    self.inbox = Inbox(waking: multi)
    if !TransferLoop.start(multi, self.inbox, configuration) { self.inbox.close() }
  }

  deinit { self.inbox.close() }

  /// Sends `request` and waits for the whole response, whatever its status.
  ///
  /// There is no limit on how long a connected server may take: cancel the task, which gives the
  /// connection (HTTP/1.1) or the stream (HTTP/2) up at once.
  ///
  /// - Throws: `HTTPTransportError`, or `CancellationError` when the task is cancelled.
  package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try Task.checkCancellation()
    let id = self.inbox.nextID()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        self.inbox.start(Call(id: id, request: request, continuation: continuation))
        // The handler below may have run before the loop could know the id.
        if Task.isCancelled { self.inbox.cancel(id) }
      }
    } onCancel: {
      self.inbox.cancel(id)
    }
  }

  /// `send`, for those who need not know that it is libcurl.
  package var handler: HTTPHandler {
    { request in try await self.send(request) }
  }

  /// Ends the client: calls under way throw `interrupted`, later ones `unreachable`.
  package func close() {
    self.inbox.close()
  }

  /// libcurl's global state, made once for the process.
  private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
