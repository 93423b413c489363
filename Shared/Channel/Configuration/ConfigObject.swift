import RPC

/// One JSON object of a service config; what is wrong with its members is noted by path.
struct ConfigObject {
  let path: String
  let problems: ProblemList
  private let members: [String: ParsedJSON]

  /// Notes a problem and has no members where `value` is no object.
  init(_ value: ParsedJSON, path: String, problems: ProblemList) {
    self.path = path
    self.problems = problems
    if case .object(let members) = value {
      self.members = members
    } else {
      self.members = [:]
      problems.add(path, "must be an object")
    }
  }

  func note(_ key: String, _ problem: String) {
    self.problems.add(self.path(of: key), problem)
  }

  private func path(of key: String) -> String {
    self.path.isEmpty ? key : "\(self.path).\(key)"
  }

  /// Notes the members that nobody reads, as they are likely mistyped.
  func allow(_ keys: String...) {
    for key in self.members.keys.sorted() where !keys.contains(key) {
      self.note(key, "is not known; known are \(keys.joined(separator: ", "))")
    }
  }

  func has(_ key: String) -> Bool { self.value(key) != nil }

  private func value(_ key: String) -> ParsedJSON? {
    self.members[key].flatMap { $0 == .null ? nil : $0 }
  }

  func object(_ key: String) -> ConfigObject? {
    self.value(key).map { ConfigObject($0, path: self.path(of: key), problems: self.problems) }
  }

  func objects(_ key: String) -> [ConfigObject] {
    guard let value = self.value(key) else { return [] }
    guard case .list(let items) = value else {
      self.note(key, "must be a list")
      return []
    }
    return items.enumerated().map { index, item in
      ConfigObject(item, path: "\(self.path(of: key))[\(index)]", problems: self.problems)
    }
  }

  func text(_ key: String) -> String? {
    guard let value = self.value(key) else { return nil }
    guard case .string(let text) = value else {
      self.note(key, "must be a string")
      return nil
    }
    return text
  }

  func boolean(_ key: String, into target: inout Bool) {
    guard let value = self.value(key) else { return }
    guard case .boolean(let isTrue) = value else { return self.note(key, "must be true or false") }
    target = isTrue
  }

  func number(_ key: String, _ range: ClosedRange<Double>, into target: inout Double) {
    guard let value = self.value(key) else { return }
    guard case .number(let text) = value, let number = Double(text), range.contains(number) else {
      return self.note(key, "must be a number of \(range.lowerBound)...\(range.upperBound)")
    }
    target = number
  }

  func integer(_ key: String, _ range: ClosedRange<Int>, into target: inout Int) {
    guard let value = self.value(key) else { return }
    guard case .number(let text) = value, let number = Int(text), range.contains(number) else {
      return self.note(key, "must be an integer of \(range.lowerBound)...\(range.upperBound)")
    }
    target = number
  }

  /// Reads a duration as ProtoJSON has it, as in "1.5s"; up to 365 days.
  func duration(_ key: String, min: Duration, into target: inout Duration) {
    guard let value = self.value(key) else { return }
    guard case .string(let text) = value, text.hasSuffix("s"),
      let seconds = Double(text.dropLast()), seconds >= 0, seconds <= 365 * 86_400
    else { return self.note(key, "must be a duration such as \"1.5s\"") }
    // By nanoseconds, so that a decimal fraction is what it says.
    let duration = Duration.nanoseconds(Int64((seconds * 1e9).rounded()))
    guard duration >= min else {
      return self.note(key, "must be \(min) at least")
    }
    target = duration
  }

  /// Reads status codes, by name in any case or by number.
  func codes(_ key: String) -> Set<Code>? {
    guard let value = self.value(key) else { return nil }
    guard case .list(let items) = value else {
      self.note(key, "must be a list of status codes")
      return nil
    }
    var codes: Set<Code> = []
    for (index, item) in items.enumerated() {
      let code: Code? =
        switch item {
        case .string(let name): Code(name: name == "CANCELLED" ? "canceled" : name.lowercased())
        case .number(let text): Int(text).flatMap(Code.init(rawValue:))
        default: nil
        }
      if let code {
        codes.insert(code)
      } else {
        self.note("\(key)[\(index)]", "is no status code such as \"UNAVAILABLE\"")
      }
    }
    return codes
  }
}
