import FoundationEssentials
import Glibc

/// What one UTC day has cost, by provider, in billionths of a USD: whole numbers add up exactly.
struct DayLedger: Sendable, Hashable, Codable {
  /// Such as "2026-11-22".
  var day: String
  var nanoUSD: [String: Int]
}

/// A ledger in a small file, which several processes of one machine may share.
///
/// Each change is made under a lock of the file and is one write, so that a process that is killed
/// leaves the ledger as it was before or after. Nothing is waited for but other processes' changes,
/// microseconds each.
struct BudgetFile: Sendable {
  /// Why a file can't be used.
  struct Unusable: Error, Sendable {}

  private let path: String

  /// Opens or makes the file.
  ///
  /// - Throws: `Unusable` where it can't be written, or holds something else.
  init(path: String) throws(Unusable) {
    self.path = path
    try self.change { _ in }
  }

  /// Changes what the file holds, and keeps everybody else from it meanwhile.
  ///
  /// - Parameter body: Gets what the file holds, `nil` where it is empty.
  /// - Returns: What `body` returns.
  /// - Throws: `Unusable`; the file is then as it was, or was cut off by a full disk.
  func change<Value>(_ body: (inout DayLedger?) -> Value) throws(Unusable) -> Value {
    let file = open(self.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Unusable() }
    defer { close(file) }
    while flock(file, LOCK_EX) != 0 {
      guard errno == EINTR else { throw Unusable() }
    }
    var ledger = try Self.read(file)
    let before = ledger
    let value = body(&ledger)
    guard ledger != before, let ledger else { return value }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(ledger) else { throw Unusable() }
    // The first line counts: what a longer ledger leaves behind it is of no harm.
    let line = [UInt8](data) + [UInt8(ascii: "\n")]
    guard pwrite(file, line, line.count, 0) == line.count else { throw Unusable() }
    return value
  }

  private static let maxBytes = 65_536

  private static func read(_ file: Int32) throws(Unusable) -> DayLedger? {
    var bytes = [UInt8](repeating: 0, count: Self.maxBytes)
    let count = pread(file, &bytes, bytes.count, 0)
    guard count >= 0 else { throw Unusable() }
    guard count > 0 else { return nil }
    let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }
    guard let ledger = try? JSONDecoder().decode(DayLedger.self, from: Data(line)) else {
      throw Unusable()
    }
    return ledger
  }
}
