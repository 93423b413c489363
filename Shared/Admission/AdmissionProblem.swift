/// What is wrong with the configuration of admission, without any secret.
package struct AdmissionProblem: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }

  /// The problem with the variable at fault, and the file that it names.
  func of(_ variable: String, _ path: String? = nil) -> AdmissionProblem {
    let names = [variable, path].compactMap(\.self).joined(separator: ": ")
    return AdmissionProblem("\(names): \(self.description)")
  }
}
