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
    /// Of each title as it was when it was put here, in the same order.
    var hashes: [UInt64]
    /// 1 for titles that are handed over for the first time.
    var attempt: Int
    /// What earlier answers to these titles have taught, as the emotion service takes it; `nil`, as
    /// in files of earlier versions, is 0.
    var narrowing: Int?
    var formsRefused: Int?
    /// Who gets it: on the disk before it is handed over.
    var provider = ""
    var model = ""
    /// Of how many requests to the model it was made when it was first handed over, where known.
    var requests: Int?
    /// The provider's; empty as long as it is not known.
    var id = ""
    /// Whether it may have reached the provider: on the disk before it is handed over.
    var wasTried = false
    var isDone = false
    /// Titles that got no answer or could not be stored, and are not handed over again, and why.
    var failures: [String: String] = [:]
    var inputTokens = 0
    var outputTokens = 0
    /// `nil` where the price is not known.
    var usd: Double?
  }

  var parts: [Part]
  private let path: String
  private let lock: JournalLock

  /// Reads the file, which nobody else can use meanwhile; without one, nothing was handed over.
  ///
  /// - Throws: `Unusable` where it holds something else, or another run uses it.
  init(path: String) throws(Unusable) {
    self.path = path
    self.lock = try JournalLock(path: "\(path).lock")
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
  mutating func add(_ titles: [Version], _ handling: Handling = Handling(), size: Int) {
    for start in stride(from: 0, to: titles.count, by: size) {
      self.parts.append(Part(Array(titles[start..<min(start + size, titles.count)]), handling))
    }
  }

  /// Puts batches that were never handed over in the place of one that its provider did not take up:
  /// under keys of their own, so that nobody finds the old one in their place.
  ///
  /// - Parameters:
  ///   - index: Of the batch.
  ///   - titles: Of it, those that are still wanted.
  ///   - size: The most for each batch.
  mutating func renew(_ index: Int, with titles: [Version], size: Int) {
    let handling = self.parts[index].handling
    self.parts[index] = Part(Array(titles.prefix(size)), handling)
    // Without titles there is nothing to hand over.
    self.parts[index].isDone = titles.isEmpty
    self.add(Array(titles.dropFirst(size)), handling, size: size)
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
    guard close(file) == 0, isWhole, rename(beside, self.path) == 0, self.syncFolder() else {
      throw failure
    }
  }

  /// Puts the new name of the file on the disk.
  private func syncFolder() -> Bool {
    let folder = self.path.lastIndex(of: "/").map { String(self.path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }

  /// Removes the file: everything was dealt with.
  func remove() {
    unlink(self.path)
    self.lock.remove()
  }
}

extension BatchJournal {
  /// One state of a title.
  struct Version: Hashable {
    var id: String
    var hash: UInt64
  }

  /// How titles are handed over.
  struct Handling: Hashable, Comparable {
    var attempt = 1
    var narrowing = 0
    var formsRefused = 0

    static func < (left: Self, right: Self) -> Bool {
      (left.attempt, left.narrowing, left.formsRefused)
        < (right.attempt, right.narrowing, right.formsRefused)
    }
  }
}

extension BatchJournal.Part {
  var handling: BatchJournal.Handling {
    BatchJournal.Handling(
      attempt: self.attempt,
      narrowing: self.narrowing ?? 0,
      formsRefused: self.formsRefused ?? 0
    )
  }

  var versions: [BatchJournal.Version] {
    zip(self.titles, self.hashes).map { BatchJournal.Version(id: $0, hash: $1) }
  }

  fileprivate init(_ titles: [BatchJournal.Version], _ handling: BatchJournal.Handling) {
    self.init(
      key: String(UInt64.random(in: UInt64.max / 2...UInt64.max), radix: 36),
      titles: titles.map(\.id),
      hashes: titles.map(\.hash),
      attempt: handling.attempt,
      narrowing: handling.narrowing,
      formsRefused: handling.formsRefused
    )
  }
}
