import ArgumentParser
import Foundation

/// What an `evaluate` command found, for a person or as JSON for a program.
package struct FigureOutput: ParsableArguments {
  @Flag(help: "Print JSON instead of a table.")
  var json = false

  package init() {}

  /// Prints every figure, one a line; figures of groups and lines of text are indented.
  package func show(_ figures: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(figures)
    if self.json {
      print(String(decoding: data, as: UTF8.self))
    } else {
      let found = try JSONSerialization.jsonObject(with: data)
      print(Self.lines(found, indent: "").joined(separator: "\n"))
    }
  }

  private static func lines(_ value: Any, indent: String) -> [String] {
    guard let group = value as? [String: Any] else { return ["\(indent)\(value)"] }
    let width = group.keys.map(\.count).max() ?? 0
    return group.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
      switch value {
      case let inner as [String: Any]:
        return ["\(indent)\(name)"] + Self.lines(inner, indent: indent + "  ")
      case let list as [Any]:
        return ["\(indent)\(name)"] + list.flatMap { Self.lines($0, indent: indent + "  ") }
      case let number as NSNumber where number.doubleValue != number.doubleValue.rounded():
        let name = name.padding(toLength: width, withPad: " ", startingAt: 0)
        return ["\(indent)\(name)  \(String(format: "%.4f", number.doubleValue))"]
      default:
        let name = name.padding(toLength: width, withPad: " ", startingAt: 0)
        return ["\(indent)\(name)  \(value)"]
      }
    }
  }
}

/// The text of a labelled file, or the end of the process: 66 (`EX_NOINPUT`) where it can't be
/// read, 65 (`EX_DATAERR`) where it is not UTF-8.
package func labelledText(atPath path: String) throws -> String {
  guard let content = bytes(ofFile: path) else {
    complain("evaluate: \(path) can't be read")
    throw ExitCode(66)
  }
  guard let text = String(validating: content, as: UTF8.self) else {
    complain("evaluate: \(path) is not UTF-8")
    throw ExitCode(65)
  }
  return text
}

/// Ends the process with 65 (`EX_DATAERR`) where a labelled file has no rows: figures of nothing
/// would say nothing.
package func requireRows(_ rows: some Collection, inFileAt path: String) throws {
  guard rows.isEmpty else { return }
  complain("evaluate: \(path) has no rows")
  throw ExitCode(65)
}
