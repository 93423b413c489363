import CNghttp2

/// An nghttp2 call that failed; the connection it belongs to is lost.
package struct HTTP2Error: Error, Sendable, Hashable, CustomStringConvertible {
  /// A negative code of nghttp2's.
  ///
  /// Source: https://nghttp2.org/documentation/enums.html#c.nghttp2_error
  package var code: Int32

  package var description: String {
    "\(String(cString: nghttp2_strerror(self.code))) (\(self.code))"
  }

  /// The code itself when it tells of success, thrown when it is negative.
  @discardableResult
  static func check(_ code: Int) throws(HTTP2Error) -> Int {
    guard code >= 0 else { throw HTTP2Error(code: Int32(clamping: code)) }
    return code
  }

  @discardableResult
  static func check(_ code: Int32) throws(HTTP2Error) -> Int32 {
    guard code >= 0 else { throw HTTP2Error(code: code) }
    return code
  }
}
