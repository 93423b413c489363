import CCurl

/// One libcurl easy handle, which can't be copied and so is freed exactly once.
struct EasyHandle: ~Copyable {
  let raw: UnsafeMutableRawPointer

  init() throws(CurlError) {
    guard let raw = curl_easy_init() else { throw CurlError(code: CURLE_FAILED_INIT) }
    self.raw = raw
  }

  deinit { curl_easy_cleanup(self.raw) }

  func set(_ option: CURLoption, _ value: Int) throws(CurlError) {
    try CurlError.check(ccurl_set_long(self.raw, option, value))
  }

  /// libcurl copies the text.
  func set(_ option: CURLoption, _ value: String) throws(CurlError) {
    try CurlError.check(value.withCString { ccurl_set_pointer(self.raw, option, $0) })
  }

  /// The pointer must stay valid as long as the handle is in use.
  func set(_ option: CURLoption, _ value: UnsafeRawPointer?) throws(CurlError) {
    try CurlError.check(ccurl_set_pointer(self.raw, option, value))
  }

  func set(
    _ option: CURLoption,
    _ callback:
      @escaping @convention(c) (
        UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?
      ) -> Int
  ) throws(CurlError) {
    try CurlError.check(ccurl_set_callback(self.raw, option, callback))
  }

  /// Ends connections whose peer takes nothing of what is sent to it for `limit`.
  func setSilenceLimit(_ limit: Duration) throws(CurlError) {
    let milliseconds = UInt32(clamping: max(1, Int64(limit / .milliseconds(1))))
    try CurlError.check(ccurl_set_silence_limit(self.raw, milliseconds))
  }

  /// The number behind `info`, 0 when libcurl doesn't know it.
  func number(_ info: CURLINFO) -> Int {
    var value = 0
    return ccurl_get_long(self.raw, info, &value) == CURLE_OK ? value : 0
  }
}

/// The header lines of one request, freed with this value.
struct HeaderLines: ~Copyable {
  private(set) var list: UnsafeMutablePointer<curl_slist>?

  deinit { curl_slist_free_all(self.list) }

  mutating func append(_ line: String) throws(CurlError) {
    guard let longer = curl_slist_append(self.list, line) else {
      throw CurlError(code: CURLE_OUT_OF_MEMORY)
    }
    self.list = longer
  }
}

/// libcurl's multi handle: many transfers on one thread.
///
/// - Note: Unchecked because `curl_multi_wakeup` may be called from any thread, the one function
///   that `wake()` calls; the rest stays on the thread of `TransferLoop`.
final class MultiHandle: @unchecked Sendable {  // see the note above
  let raw: UnsafeMutableRawPointer

  /// Otherwise libcurl keeps four for each transfer under way, and so closes most of what a burst of
  /// calls over HTTP/1.1 has opened as soon as the burst is over.
  private static let maxIdleConnections = 256

  init?() {
    guard let raw = curl_multi_init(),
      ccurl_multi_set_long(raw, CURLMOPT_MAXCONNECTS, Self.maxIdleConnections) == CURLM_OK
    else { return nil }
    self.raw = raw
  }

  deinit { curl_multi_cleanup(self.raw) }

  /// Ends the current or the next `curl_multi_poll`.
  func wake() {
    curl_multi_wakeup(self.raw)
  }
}
