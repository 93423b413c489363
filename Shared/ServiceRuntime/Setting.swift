/// One thing that the environment can configure.
///
/// A setting is declared once; help, documentation, reading and checking are made from it.
package struct Setting<Value: Sendable>: Sendable {
  package let about: SettingDescription
  fileprivate let fallback: Value
  fileprivate let parse: @Sendable (String) -> Value?

  /// A setting of any type.
  ///
  /// - Parameters:
  ///   - key: The environment variable.
  ///   - type: For people, such as "integer".
  ///   - range: What is allowed, for people.
  ///   - shown: The default as a person would write it; empty for none.
  ///   - summary: What it does, in one sentence.
  ///   - isSecret: Whether `KEY_FILE` may name a file with the value, and the value is never shown.
  ///   - fallback: The value when the variable is not set.
  ///   - parse: The value of a text, or `nil` where it is not allowed.
  package init(
    _ key: String,
    type: String,
    range: String,
    shown: String,
    _ summary: String,
    isSecret: Bool = false,
    default fallback: Value,
    parse: @escaping @Sendable (String) -> Value?
  ) {
    self.about = SettingDescription(
      key: key,
      type: type,
      range: range,
      shown: shown,
      summary: summary,
      isSecret: isSecret,
      accepts: { parse($0) != nil }
    )
    self.fallback = fallback
    self.parse = parse
  }
}

/// What people are told of a setting.
package struct SettingDescription: Sendable {
  package let key: String
  package let type: String
  package let range: String
  package let shown: String
  package let summary: String
  package let isSecret: Bool
  let accepts: @Sendable (String) -> Bool
}

extension Setting where Value == Int {
  package static func integer(
    _ key: String,
    default fallback: Int,
    in range: ClosedRange<Int>,
    _ summary: String
  ) -> Setting {
    Setting(
      key,
      type: "integer",
      range: "\(range.lowerBound)...\(range.upperBound)",
      shown: "\(fallback)",
      summary,
      default: fallback
    ) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
  }
}

extension Setting where Value == Double {
  package static func number(
    _ key: String,
    default fallback: Double,
    in range: ClosedRange<Double>,
    _ summary: String
  ) -> Setting {
    Setting(
      key,
      type: "number",
      range: "\(range.lowerBound)...\(range.upperBound)",
      shown: "\(fallback)",
      summary,
      default: fallback
    ) { Double($0).flatMap { range.contains($0) ? $0 : nil } }
  }
}

extension Setting where Value == String {
  package static func text(_ key: String, default fallback: String, _ summary: String) -> Setting {
    Setting(key, type: "text", range: "", shown: fallback, summary, default: fallback) {
      $0.isEmpty ? nil : $0
    }
  }

  package static func choice(
    _ key: String,
    default fallback: String,
    of choices: [String],
    _ summary: String
  ) -> Setting {
    Setting(
      key,
      type: "choice",
      range: choices.joined(separator: ", "),
      shown: fallback,
      summary,
      default: fallback
    ) { choices.contains($0) ? $0 : nil }
  }

  /// An address such as `http://host:8081`, without a slash at its end, and without a user: what
  /// is configured is shown, and a password stands next to the user.
  package static func url(_ key: String, default fallback: String, _ summary: String) -> Setting {
    Setting(
      key,
      type: "URL",
      range: "http:// or https://",
      shown: fallback,
      summary,
      default: fallback,
      parse: parsedURL
    )
  }
}

@Sendable private func parsedURL(_ text: String) -> String? {
  guard text.hasPrefix("http://") || text.hasPrefix("https://") else { return nil }
  let authority = text.drop { $0 != "/" }.dropFirst(2).prefix { !"/?#".contains($0) }
  guard !authority.isEmpty, !authority.contains("@") else { return nil }
  return text.hasSuffix("/") ? String(text.dropLast()) : text
}

extension Setting where Value == String? {
  /// An address as `Setting<String>.url` takes it, or none.
  package static func optionalURL(_ key: String, _ summary: String) -> Setting {
    Setting(
      key,
      type: "URL",
      range: "http:// or https://",
      shown: "",
      summary,
      default: nil
    ) { parsedURL($0).map { .some($0) } }
  }

  package static func secret(_ key: String, _ summary: String) -> Setting {
    Setting(key, type: "secret", range: "", shown: "", summary, isSecret: true, default: nil) {
      $0.isEmpty ? nil : .some($0)
    }
  }

  package static func optional(_ key: String, _ summary: String) -> Setting {
    Setting(key, type: "text", range: "", shown: "", summary, default: nil) {
      $0.isEmpty ? nil : .some($0)
    }
  }
}

/// What a process was configured with: every setting read and checked.
package struct SettingValues: Sendable {
  private let texts: [String: String]

  /// Reads `settings` from an environment, where an empty variable counts as not set.
  ///
  /// Throws every problem at once, with neither the values of secrets nor the contents of files.
  package init(
    _ settings: [SettingDescription],
    environment: [String: String]
  ) throws(ConfigurationProblems) {
    var texts: [String: String] = [:]
    var problems: [String] = []
    for setting in settings {
      let direct = environment[setting.key].flatMap { $0.isEmpty ? nil : $0 }
      let path = setting.isSecret ? environment["\(setting.key)_FILE"] : nil
      var text = direct
      if let path, !path.isEmpty {
        guard direct == nil else {
          problems.append("\(setting.key) and \(setting.key)_FILE are both set: keep one")
          continue
        }
        guard let content = secret(atPath: path) else {
          problems.append("\(setting.key)_FILE: the file can't be read or is empty")
          continue
        }
        text = content
      }
      guard let text else { continue }
      if setting.accepts(text) {
        texts[setting.key] = text
      } else {
        // A malformed address may hold a password, before its "@".
        let isQuotable = !setting.isSecret && !text.contains("@")
        let allowed = setting.range.isEmpty ? "" : ", allowed: \(setting.range)"
        let quoted = isQuotable ? "\"\(text)\" " : ""
        problems.append("\(setting.key): \(quoted)is not a valid \(setting.type)\(allowed)")
      }
    }
    guard problems.isEmpty else { throw ConfigurationProblems(problems) }
    self.texts = texts
  }

  /// The value that was set, or the default.
  package subscript<Value>(setting: Setting<Value>) -> Value {
    self.texts[setting.about.key].flatMap(setting.parse) ?? setting.fallback
  }

  /// What to show a person: the value set, the default, or that a secret is there.
  func shown(_ setting: SettingDescription) -> String {
    guard let text = self.texts[setting.key] else { return setting.shown }
    return setting.isSecret ? "(set)" : text
  }
}

/// Everything that is wrong with a configuration.
package struct ConfigurationProblems: Error, Sendable, CustomStringConvertible {
  package let problems: [String]

  package init(_ problems: [String]) {
    self.problems = problems
  }

  package var description: String { self.problems.joined(separator: "\n") }
}
