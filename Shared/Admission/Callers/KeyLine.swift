import FoundationEssentials

/// One line of a file of keys.
///
/// Either `name sha256 scopes rate`, as in "shop 9f86…0f00 read,write 600/60", where the rate may be
/// missing; or a JSON object, as in `{"name":"shop","sha256":"9f86…","scopes":["read"],
/// "rate":"read=600/60,write=60/60"}`. Empty lines and those that start with "#" say nothing.
struct KeyLine: Sendable {
  /// 1...64 of `[A-Za-z0-9._-]`.
  let name: String
  /// Of the key, 32 bytes.
  let digest: [UInt8]
  let scopes: Set<Scope>
  let rates: RatePolicies?

  /// Reads a whole file; throws with the number of the first line at fault.
  static func read(_ bytes: [UInt8]) throws(AdmissionProblem) -> [KeyLine] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw AdmissionProblem("the file of keys is not UTF-8")
    }
    var lines: [KeyLine] = []
    var names: Set<String> = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let line = line.trimmingSpaces
      guard let first = line.first, first != "#" else { continue }
      do throws(AdmissionProblem) {
        let key = try first == "{" ? KeyLine(json: line) : KeyLine(words: line)
        guard names.insert(key.name).inserted else {
          throw AdmissionProblem("the name \(key.name) is taken")
        }
        lines.append(key)
      } catch {
        throw AdmissionProblem("line \(index + 1) of the file of keys: \(error.description)")
      }
    }
    guard !lines.isEmpty else { throw AdmissionProblem("the file of keys has none") }
    return lines
  }

  private struct Fields: Decodable {
    var name: String
    var sha256: String
    var scopes: [String]
    var rate: String?
  }

  private init(json line: Substring) throws(AdmissionProblem) {
    guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(line.utf8)) else {
      throw AdmissionProblem("needs name, sha256, scopes and may have rate")
    }
    try self.init(fields)
  }

  private init(words line: Substring) throws(AdmissionProblem) {
    let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
    guard (3...4).contains(words.count) else {
      throw AdmissionProblem("needs NAME SHA256 SCOPES [RATE]")
    }
    try self.init(
      Fields(
        name: words[0],
        sha256: words[1],
        scopes: words[2].split(separator: ",").map(String.init),
        rate: words.count > 3 ? words[3] : nil
      )
    )
  }

  /// Quotes nothing but the name: a key that someone wrote in place of its digest is a secret.
  private init(_ fields: Fields) throws(AdmissionProblem) {
    let isNamed =
      (1...64).contains(fields.name.utf8.count)
      && fields.name.utf8.allSatisfy {
        Character(Unicode.Scalar($0)).isASCIIAlphanumeric || "._-".utf8.contains($0)
      }
    guard isNamed else { throw AdmissionProblem("the name must be 1...64 of A-Z a-z 0-9 . _ -") }
    guard let digest = [UInt8](hexadecimal: fields.sha256), digest.count == 32 else {
      throw AdmissionProblem("sha256 must be 64 hexadecimal digits")
    }
    let scopes = fields.scopes.compactMap(Scope.init(rawValue:))
    guard scopes.count == fields.scopes.count, !scopes.isEmpty else {
      let known = Scope.allCases.map(\.rawValue).joined(separator: ", ")
      throw AdmissionProblem("scopes must be some of \(known)")
    }
    self.name = fields.name
    self.digest = digest
    self.scopes = Set(scopes)
    guard let rate = fields.rate else {
      self.rates = nil
      return
    }
    guard let rates = RatePolicies(rate) else {
      throw AdmissionProblem("the rate must look like 600/60 or read=600/60,write=60/60")
    }
    self.rates = rates
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var text = self.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}

extension Character {
  fileprivate var isASCIIAlphanumeric: Bool { self.isASCII && (self.isLetter || self.isNumber) }
}

extension [UInt8] {
  /// Reads pairs of digits in either case; `nil` for anything else.
  init?(hexadecimal text: String) {
    let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    self = bytes
  }
}
