import ArgumentParser
import Foundation
import LocalModels
import ServiceRuntime

/// Measures the embedded model on labelled files.
struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the local model on a labelled file of yours."
  )

  @Option(help: "GoEmotions' form: text TAB label,numbers TAB id.")
  var goemotions: String?

  @Option(help: "A CSV with the columns title, description, genres, emotions, emojis.")
  var tags: String?

  @Option(help: "text TAB accepted,families TAB forbidden,families TAB group.")
  var moods: String?

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  func validate() throws {
    guard [self.goemotions, self.tags, self.moods].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("Give one of --goemotions, --tags and --moods.")
    }
  }

  func run() async throws {
    let values = try ServiceRuntime.configuration(of: Emotions.self)
    let model: EmotionModel
    do {
      model = try EmotionModel(.locate(override: values[EmotionSettings.modelFile]))
    } catch {
      complain("emotion-service: \(error)")
      throw ExitCode(78)
    }
    do {
      if let path = self.goemotions {
        try self.show(Evaluation.comments(try Self.text(of: path), model: model))
      } else if let path = self.tags {
        try self.show(Evaluation.titles(try Self.text(of: path), model: model))
      } else if let path = self.moods {
        try self.show(Evaluation.moods(try Self.text(of: path), model: model))
      }
    } catch let error as Evaluation.Malformed {
      complain("evaluate: \(error)")
      throw ExitCode(65)
    }
  }

  private static func text(of path: String) throws -> String {
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

  /// Prints every figure, as JSON or one a line; figures of groups are indented.
  private func show(_ result: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let data = try encoder.encode(result)
    if self.json {
      print(String(decoding: data, as: UTF8.self))
      return
    }
    let figures = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    for (name, value) in figures.sorted(by: { $0.key < $1.key }) {
      switch value {
      case let group as [String: Double]:
        print(name)
        for (key, figure) in group.sorted(by: { $0.key < $1.key }) {
          print("  \(key)  \(String(format: "%.3f", figure))")
        }
      case let lines as [String]: print("\(name)\n  " + lines.joined(separator: "\n  "))
      case let figure as Double: print("\(name)  \(String(format: "%.4f", figure))")
      default: print("\(name)  \(value)")
      }
    }
  }
}
