import CCurl
import HTTPMessage

/// One request on its way, from the moment that the loop takes it until its response is whole.
///
/// Belongs to the loop's thread. The callbacks only record; they run inside `curl_multi_perform`.
final class Transfer {
  let call: Call
  let handle: EasyHandle
  private var header = HeaderLines()
  private var reply = ReplyBuffer()

  /// Readies the request; nothing is sent until the loop adds the handle.
  ///
  /// - Throws: `CurlError` when libcurl takes an option amiss or the address is malformed.
  init(_ call: Call, _ configuration: CurlClient.Configuration) throws(CurlError) {
    guard let url = call.request.curlURL, call.request.hasCleanHeader else {
      throw CurlError(code: CURLE_URL_MALFORMAT)
    }
    self.call = call
    self.handle = try EasyHandle()
    self.reply.maxBodyBytes = configuration.maxResponseBytes
    try self.setRequest(call.request, url: url)
    try self.setLimits(configuration)
    try self.setCallbacks()
  }

  private func setRequest(_ request: HTTPRequest, url: String) throws(CurlError) {
    try self.handle.set(CURLOPT_URL, url)
    try self.handle.set(CURLOPT_PATH_AS_IS, 1)
    // What dies on a connection of its own is not sent again.
    if request.isSentOnce { try self.handle.set(CURLOPT_FRESH_CONNECT, 1) }
    for line in request.curlHeaderLines { try self.header.append(line) }
    try self.handle.set(CURLOPT_HTTPHEADER, UnsafeRawPointer(self.header.list))
    switch request.method {
    case "GET" where request.body.isEmpty: try self.handle.set(CURLOPT_HTTPGET, 1)
    case "HEAD": try self.handle.set(CURLOPT_NOBODY, 1)
    default:
      try self.handle.set(CURLOPT_POST, 1)
      try self.handle.set(CURLOPT_CUSTOMREQUEST, request.method)
      try self.handle.set(CURLOPT_POSTFIELDSIZE, request.body.count)
      // An empty array has no address, and no address would make libcurl ask for a read callback.
      let body = request.body.isEmpty ? [0] : request.body
      let result = body.withUnsafeBytes {
        ccurl_set_pointer(self.handle.raw, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
      }
      try CurlError.check(result)
    }
  }

  private func setLimits(_ configuration: CurlClient.Configuration) throws(CurlError) {
    try self.handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
    try self.handle.set(CURLOPT_USERAGENT, configuration.userAgent)
    let connectTimeout = Int(configuration.connectTimeout / .milliseconds(1))
    try self.handle.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, connectTimeout))
    // HTTP/2 after ALPN only: libcurl 7.88.1 fails on each reused cleartext HTTP/2 connection.
    // Source: https://github.com/curl/curl/issues/10634
    try self.handle.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
    try self.handle.set(CURLOPT_TCP_KEEPALIVE, 1)
    try self.handle.setSilenceLimit(configuration.silenceLimit)
    let lifetime = Int(configuration.connectionLifetime / .seconds(1))
    try self.handle.set(CURLOPT_MAXLIFETIME_CONN, max(1, lifetime))
    try self.handle.set(CURLOPT_NOSIGNAL, 1)
    // Otherwise cancelling during a slow name resolution waits for it, and with it the whole loop.
    try self.handle.set(CURLOPT_QUICK_EXIT, 1)
    if let file = configuration.trustedCertificates { try self.handle.set(CURLOPT_CAINFO, file) }
  }

  private func setCallbacks() throws(CurlError) {
    // Unretained: the loop keeps this transfer until its handle has left the multi handle.
    let context = UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
    try self.handle.set(CURLOPT_WRITEDATA, context)
    try self.handle.set(CURLOPT_HEADERDATA, context)
    try self.handle.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let context else { return 0 }
      let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
      let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return transfer.reply.appendBody(chunk) ? chunk.count : 0
    }
    try self.handle.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      guard let context else { return 0 }
      let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
      let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return transfer.reply.appendHeaderLine(line) ? line.count : 0
    }
  }

  /// The response, or why there is none, once libcurl says that it is done with `code`.
  func outcome(_ code: CURLcode) -> Result<HTTPResponse, any Error> {
    if self.reply.isTooLarge {
      let limit = self.reply.maxBodyBytes
      return .failure(
        HTTPTransportError(.responseTooLarge, "the response is larger than \(limit) bytes")
      )
    }
    guard code == CURLE_OK else {
      let sent = self.handle.number(CURLINFO_REQUEST_SIZE)
      return .failure(CurlError(code: code).transportError(bytesSent: sent))
    }
    // libcurl takes a connection that ends within the header for the header's end.
    guard self.reply.isHeaderWhole else {
      return .failure(HTTPTransportError(.interrupted, "the response ended within its header"))
    }
    let status = self.handle.number(CURLINFO_RESPONSE_CODE)
    return .success(
      HTTPResponse(status: status, fields: self.reply.fields, body: self.reply.body)
    )
  }
}
