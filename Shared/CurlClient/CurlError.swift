import CCurl
import HTTPMessage

/// A result code of libcurl's easy interface other than `CURLE_OK`.
struct CurlError: Error {
  var code: CURLcode

  /// Throws unless `code` is `CURLE_OK`.
  static func check(_ code: CURLcode) throws(CurlError) {
    guard code == CURLE_OK else { throw CurlError(code: code) }
  }

  /// What the failure means to a caller.
  ///
  /// - Parameter bytesSent: Bytes of requests that went out, to a proxy's too.
  /// - Returns: `unreachable` or another `isUnsent` when the request certainly stayed here.
  ///
  /// Source: https://curl.se/libcurl/c/libcurl-errors.html
  func transportError(bytesSent: Int) -> HTTPTransportError {
    let description = String(cString: curl_easy_strerror(self.code))
    let (reason, isUnsent): (HTTPTransportError.Reason, Bool) =
      switch self.code {
      case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
        CURLE_SSL_CONNECT_ERROR, CURLE_URL_MALFORMAT, CURLE_PROXY, CURLE_OUT_OF_MEMORY,
        CURLE_FAILED_INIT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_INTERFACE_FAILED:
        (.unreachable, true)
      // The only time limit that libcurl is given is the one for connecting.
      case CURLE_OPERATION_TIMEDOUT: (.unreachable, true)
      // Before a server is trusted, only a request to a proxy can have left.
      case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: (.protocolError, true)
      case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2,
        CURLE_BAD_CONTENT_ENCODING:
        (.protocolError, bytesSent == 0)
      default: bytesSent == 0 ? (.unreachable, true) : (.interrupted, false)
      }
    return HTTPTransportError(reason, description, isUnsent: isUnsent)
  }
}
