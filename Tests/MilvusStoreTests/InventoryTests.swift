import CatalogStore
import SwiftProtobuf
import Synchronization
import Testing

@testable import MilvusStore

@Suite struct `What a writer knows` {
  private static let writer: UInt64 = 7

  private static func version(_ slot: UInt64, horizon: UInt64 = 0) -> CatalogVersion {
    CatalogVersion(
      slot: slot,
      manifest: .with {
        $0.lineage = 1
        $0.horizon = horizon
        $0.generationSlot = 1
        $0.generationWriter = Self.writer
        $0.width = 2
        $0.titles = 1
        $0.titleRows = 2
        $0.commit(Self.writer, slot: slot)
      }
    )
  }

  private static func tag(_ slot: UInt64) -> RowTag {
    RowTag(slot: slot, writer: Self.writer, number: Int(slot))
  }

  private static func titles(_ ids: [String], slot: UInt64) -> MilvusQueryResults {
    .with {
      $0.fieldsData = [
        MilvusFieldData(RowField.key, strings: ids.map { _ in Self.tag(slot).key }),
        MilvusFieldData(RowField.slot, integers: ids.map { _ in Int64(slot) }),
        MilvusFieldData(RowField.writer, integers: ids.map { _ in Int64(Self.writer) }),
        MilvusFieldData(RowField.id, strings: ids),
        MilvusFieldData(RowField.gone, truths: ids.map { _ in false }),
        MilvusFieldData(RowField.emotions, stringLists: ids.map { _ in [] }),
      ]
    }
  }

  /// The catalog had "a" and "b" at version 1; version 2 removed "b", and while it is read others
  /// go on to version `present`, which has removed rows up to `horizon`.
  private static func inventory(present: UInt64, horizon: UInt64) async throws -> Inventory {
    let names = CollectionNames(prefix: "c")
    let isRead = Mutex(false)
    let client = scriptedMilvus { method, request in
      switch method {
      case "ShowCollections":
        return MilvusShowCollectionsResponse.with {
          $0.collectionNames = [names.version(present)]
        }
      case "DescribeCollection":
        let version = Self.version(present, horizon: horizon)
        let fields = try #require(ManifestText.fieldNames(of: version.manifest))
        return MilvusDescribeCollectionResponse.with {
          $0.schema.fields = fields.map { name in .with { $0.name = name } }
        }
      default:
        let query = try MilvusQueryRequest(serializedBytes: request)
        isRead.withLock { $0 = true }
        // The tombstone of "b" is gone with its row: only reading everything tells.
        return query.expr.hasPrefix(RowField.slot) || query.collectionName.contains("emotions")
          ? Self.titles([], slot: 1) : Self.titles(["a"], slot: 1)
      }
    }
    var known = Inventory(version: Self.version(1))
    known.apply(
      Inventory.Change(titles: ["a", "b"].map { ($0, Self.tag(1), []) }),
      at: Self.version(1)
    )
    let reading = CatalogReading(log: VersionLog(client: client, names: names))
    let inventory = try await reading.inventory(known, at: Self.version(2))
    let wasRead = isRead.withLock { $0 }
    #expect(wasRead)
    return inventory
  }

  @Test func `is read anew where rows went meanwhile that came after it`() async throws {
    #expect(Array(try await Self.inventory(present: 4, horizon: 2).titles.keys) == ["a"])
  }

  @Test func `is kept where none did`() async throws {
    let inventory = try await Self.inventory(present: 4, horizon: 1)
    #expect(inventory.titles.keys.sorted() == ["a", "b"])
    #expect(inventory.version.slot == 2)
  }

  @Test func `lets a tombstone be removed only after all that it hides`() {
    var inventory = Inventory(version: Self.version(1))
    inventory.apply(
      Inventory.Change(titles: ["a", "b"].map { ($0, Self.tag(1), []) }),
      at: Self.version(1)
    )
    inventory.apply(Inventory.Change(titles: [("b", Self.tag(2), nil)]), at: Self.version(2))
    func keys(at now: UInt64 = 60) -> [String] {
      inventory.removable(at: now, graceSeconds: 60, limit: 10).map(\.key)
    }
    #expect(keys(at: 59).isEmpty)
    #expect(keys() == [Self.tag(1).key])
    // Tried and not removed: as before.
    #expect(keys() == [Self.tag(1).key])
    inventory.forget([Self.tag(1).key])
    #expect(keys() == [Self.tag(2).key])
    inventory.forget([Self.tag(2).key])
    #expect(keys().isEmpty)
  }
}
