package import HTTPMessage

/// A provider that a person can be told about.
package protocol Inspectable: Sendable {
  /// Any request that its server answers, with whatever status.
  var probe: HTTPRequest { get }
  /// Asks which models there are, `nil` where the vendor doesn't tell.
  var modelsRequest: HTTPRequest? { get }
  /// What differs from the best case, such as a form of answer that is not understood; or empty.
  var remark: String { get }
}
