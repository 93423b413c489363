import FoundationEssentials
import ServiceRuntime

#if canImport(Glibc)
import Glibc
#endif

/// What was handed over to a batch API, in a file that a killed run leaves behind.
///
/// Each change is on the disk before what it allows is done: a batch is in the file before it is
/// handed over, and its end before its titles count as dealt with.
struct BatchJournal: Sendable {
  /// Why a file can't be used.
  struct Unusable: Error, Sendable, CustomStringConvertible {
    let description: String
  }

  /// One batch.
  struct Part: Sendable, Hashable, Codable {
    /// By which the provider's batch is found when its id was lost.
    var key: String
    /// Ids of titles, in the order in which they are handed over.
    var titles: [String]
    /// 1 for titles that are handed over for the first time.
    var attempt: Int
    var provider = ""
    var model = ""
    /// The provider's; empty as long as it is not known.
    var id = ""
    var isDone = false
    var inputTokens = 0
    var outputTokens = 0
    /// `nil` where the price is not known.
    var usd: Double?
  }

  var parts: [Part]
  private let path: String

  /// Reads the file; without one, nothing was handed over.
  ///
  /// - Throws: `Unusable` where it holds something else.
  init(path: String) throws(Unusable) {
    self.path = path
    guard access(path, F_OK) == 0 else {
      self.parts = []
      return
    }
    guard let content = bytes(ofFile: path),
      let parts = try? JSONDecoder().decode([Part].self, from: Data(content))
    else { throw Unusable(description: "\(path): can't be read, or is no journal of batches") }
    self.parts = parts
  }

  /// Adds batches of `size` titles each.
  mutating func add(_ titles: [String], attempt: Int, size: Int) {
    for start in stride(from: 0, to: titles.count, by: size) {
      self.parts.append(
        Part(
          key: Self.newKey(),
          titles: Array(titles[start..<min(start + size, titles.count)]),
          attempt: attempt
        )
      )
    }
  }

  /// Writes the file in one step, so that it is the old or the new one at any moment.
  ///
  /// - Throws: `Unusable` where that fails.
  func save() throws(Unusable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let failure = Unusable(description: "\(self.path): can't be written")
    guard let data = try? encoder.encode(self.parts) else { throw failure }
    let beside = "\(self.path).new"
    let file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure }
    var rest = [UInt8](data)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    let isWhole = rest.isEmpty && fsync(file) == 0
    guard close(file) == 0, isWhole, rename(beside, self.path) == 0 else { throw failure }
  }

  /// Removes the file: everything was dealt with.
  func remove() { unlink(self.path) }

  private static func newKey() -> String {
    String(UInt64.random(in: UInt64.max / 2...UInt64.max), radix: 36)
  }
}
