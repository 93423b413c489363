/// How many calls a caller may make in a while.
struct RatePolicy: Sendable, Hashable {
  /// At once, and over a window; 1 or more.
  let calls: Int
  /// 1 or more.
  let seconds: Int

  /// Reads `calls/seconds`, as in "600/60"; `nil` for anything else.
  init?(_ text: some StringProtocol) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let calls = numbers[0], let seconds = numbers[1],
      (1...1_000_000_000).contains(calls), (1...86_400).contains(seconds)
    else { return nil }
    self.calls = calls
    self.seconds = seconds
  }
}

/// The limits of one caller for each class of methods.
package struct RatePolicies: Sendable, Hashable {
  private var policies: [CallClass: RatePolicy] = [:]

  /// Reads `calls/seconds`, which then holds for each class, or some of `class=calls/seconds` with
  /// commas between them; `nil` for anything else.
  package init?(_ text: String) {
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      guard let last = sides.last, let policy = RatePolicy(last) else { return nil }
      let classes =
        sides.count == 1
        ? CallClass.allCases : [CallClass(rawValue: String(sides[0]))].compactMap(\.self)
      guard sides.count <= 2, !classes.isEmpty else { return nil }
      for kind in classes {
        guard self.policies.updateValue(policy, forKey: kind) == nil else { return nil }
      }
    }
  }

  subscript(kind: CallClass) -> RatePolicy? { self.policies[kind] }
}
