/// Everything that is wrong with a service config.
package struct ConfigProblems: Error, Sendable, Hashable, CustomStringConvertible {
  /// Each begins with the path of a member, as in "methodConfig[0].timeout: …".
  package let problems: [String]

  package var description: String { self.problems.joined(separator: "\n") }
}

/// The problems found so far.
final class ProblemList {
  private(set) var problems: [String] = []

  func add(_ path: String, _ problem: String) {
    self.problems.append(path.isEmpty ? problem : "\(path): \(problem)")
  }
}
