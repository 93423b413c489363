internal import SwiftProtobuf

#if canImport(Glibc)
internal import Glibc
#endif

/// One version of the catalog: which rows count, and how they are to be read.
struct CatalogVersion: Sendable {
  /// Counts versions from 1; 0 before the first.
  var slot: UInt64
  var manifest: StoredManifest

  /// What there is before anything was written.
  static let none = CatalogVersion(slot: 0, manifest: StoredManifest())

  /// Changes whenever the catalog does.
  var name: String {
    let digits = String(self.manifest.lineage, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits + "-\(self.slot)"
  }

  /// Where the rows are; `nil` before anything was written.
  var generation: Generation? {
    self.slot == 0
      ? nil
      : Generation(slot: self.manifest.generationSlot, writer: self.manifest.generationWriter)
  }

  var isEmpty: Bool { self.manifest.titles == 0 }
  /// Components of the vectors in the collections, which must have some even without any vector.
  var width: Int { Int(self.manifest.width) }
  /// 0 when there are no vectors yet.
  var dimensions: Int { Int(self.manifest.dimensions) }

  /// Seconds since 1970.
  static var now: UInt64 { UInt64(max(0, time(nil))) }

  /// Whether a generation was replaced so long ago that it may be dropped.
  func hasStaleGenerations(after graceSeconds: UInt64) -> Bool {
    let now = Self.now
    return self.manifest.retired.contains { old in old.since + graceSeconds <= now }
  }

  /// The last slot of each session whose rows count.
  var sessions: [UInt64: UInt64] {
    Dictionary(self.manifest.sessions.map { ($0.writer, $0.slot) }) { first, second in
      max(first, second)
    }
  }

  /// What rows seen by `reader` may rely on: that none is gone that was needed at its version.
  func keeps(rowsOf reader: CatalogVersion) -> Bool {
    self.slot == reader.slot
      || self.generation == reader.generation && self.manifest.horizon <= reader.slot
  }
}

extension StoredManifest {
  /// Notes that the rows of a session up to a slot count.
  mutating func commit(_ writer: UInt64, slot: UInt64) {
    self.sessions.removeAll { session in session.writer == writer }
    self.sessions.append(
      .with {
        $0.writer = writer
        $0.slot = slot
      }
    )
    self.writer = writer
  }
}
