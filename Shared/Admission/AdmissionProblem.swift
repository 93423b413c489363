/// What is wrong with the configuration of admission, without any secret.
package struct AdmissionProblem: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
