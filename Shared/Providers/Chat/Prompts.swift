import Crypto
import FoundationEssentials

/// What language models are told to do, as read from a file.
///
/// The file has a first line `version WORD` and the sections `[mood]` and `[titles]`. Whoever
/// changes a word names another version, which people see in `doctor`.
package struct Prompts: Sendable, Hashable {
  /// Why a file of prompts can't be used.
  package struct Malformed: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// As the file names itself: 1 to 40 letters, digits, dots and hyphens.
  package let version: String
  /// Reads 1 to 8 emotions from a mood.
  package let mood: String
  /// Annotates titles with 8 emotions and 3 to 8 emojis each.
  package let titles: String
  /// The version and a digest of the words, which keeps answers to different prompts apart.
  package let identity: String

  /// Those that come with the product.
  package static let builtIn: Prompts = {
    let text = String(decoding: PackageResources.prompts_txt, as: UTF8.self)
    // A test reads the file that is built in.
    return (try? Prompts(text)) ?? Prompts(version: "0", mood: "", titles: "")
  }()

  /// Reads a file's text.
  ///
  /// - Throws: `Malformed`, naming what is missing.
  package init(_ text: String) throws(Malformed) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    let words = lines.popFirst()?.split(separator: " ") ?? []
    guard words.count == 2, words[0] == "version", words[1].utf8.count <= 40,
      words[1].utf8.allSatisfy({ Self.isVersionByte($0) })
    else { throw Malformed(description: "the first line must be: version WORD") }
    var sections: [Substring: [Substring]] = [:]
    var current: Substring?
    for line in lines {
      if ["[mood]", "[titles]"].contains(line) {
        current = line
      } else if let current {
        sections[current, default: []].append(line)
      }
    }
    func section(_ name: Substring) throws(Malformed) -> String {
      let text = (sections[name] ?? []).joined(separator: "\n").trimmed
      guard !text.isEmpty else {
        throw Malformed(description: "the section \(name) is missing or empty")
      }
      return text
    }
    self.init(
      version: String(words[1]),
      mood: try section("[mood]"),
      titles: try section("[titles]")
    )
  }

  private init(version: String, mood: String, titles: String) {
    self.version = version
    self.mood = mood
    self.titles = titles
    let digest = SHA256.hash(data: Array("\(mood)\0\(titles)".utf8)).prefix(4)
    self.identity = "\(version)-" + digest.map { String($0, radix: 16) }.joined(separator: ".")
  }

  private static func isVersionByte(_ byte: UInt8) -> Bool {
    let character = Character(UnicodeScalar(byte))
    return character.isASCII
      && (character.isLetter || character.isNumber || ".-".contains(character))
  }

  /// Wraps text from outside so that nothing in it can end the block or look like markup.
  static func block(_ tag: String, holding value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A string and a list of strings always have a JSON form.
    let json = (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    var escaped = ""
    for character in json.unicodeScalars {
      switch character {
      case "<": escaped += "\\u003c"
      case ">": escaped += "\\u003e"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return "<\(tag)>\n\(escaped)\n</\(tag)>"
  }
}
