internal import SwiftProtobuf
/// The versions of a catalog: collections whose names count up.
///
/// Milvus has no transactions, but creating a collection is atomic: of several that ask for the
/// same name with different fields, one succeeds. Whoever creates `…_v7` has made version 7, and
/// everybody sees it from that moment.
struct VersionLog: Sendable {
  let client: MilvusClient
  let names: CollectionNames

  /// A claim's outcome.
  enum Claim {
    /// With the names of all collections, for cleaning up.
    case won([String])
    case lost
  }

  /// The present version.
  func latest(patience: Duration) async throws(MilvusError) -> CatalogVersion {
    let end = ContinuousClock.now + patience
    while true {
      let left = max(end - .now, .milliseconds(1))
      let slots = self.slots(in: try await self.client.collections(patience: left))
      guard let slot = slots.max() else { return .none }
      if let manifest = try await self.manifest(slot, patience: left) {
        return CatalogVersion(slot: slot, manifest: manifest)
      }
      // It was followed and dropped between the two questions.
      guard end > .now else {
        throw MilvusError(.malformed, .showCollections, "names a version that it does not have")
      }
    }
  }

  /// Makes a version the next one, unless another was first.
  ///
  /// - Parameters:
  ///   - version: With a writer that has not claimed its slot before.
  ///   - patience: For each call it takes.
  /// - Returns: Whether the version is now the catalog's.
  /// - Throws: When the outcome is not known.
  func claim(_ version: CatalogVersion, patience: Duration) async throws(MilvusError) -> Claim {
    let name = self.names.version(version.slot)
    guard let fields = ManifestText.fieldNames(of: version.manifest) else {
      throw MilvusError(.malformed, .createCollection, "would be too large")
    }
    let schema = MilvusCollectionSchema.with {
      $0.name = name
      $0.description_p = "A version of the catalog \(self.names.prefix): written by machine."
      $0.fields =
        [.key("slot", integers: true), .vector("nothing", width: 2)]
        + fields.map { field in .scalar(field, .bool) }
    }
    do throws(MilvusError) {
      try await self.client.create(schema, patience: patience)
    } catch {
      // Taken by another, or by this very call before it was made again: the look below tells.
      guard error.code != nil else { throw error }
      guard try await self.manifest(version.slot, patience: patience) != nil else { throw error }
    }
    let names = try await self.client.collections(patience: patience)
    let writer = version.manifest.writer
    guard let top = self.slots(in: names).max(), top >= version.slot else {
      throw MilvusError(.malformed, .createCollection, "was lost")
    }
    if top == version.slot {
      let found = try await self.manifest(top, patience: patience)
      if let found { return found.writer == writer ? .won(names) : .lost }
    }
    // Others went on. Either from this version, or from another in whose place this one came late:
    // a slot that was dropped long ago can be created again, but it counts for nobody.
    let latest = try await self.latest(patience: patience)
    if latest.sessions[writer, default: 0] >= version.slot { return .won(names) }
    if try await self.manifest(version.slot, patience: patience)?.writer == writer {
      try await self.client.drop(name, patience: patience)
    }
    return .lost
  }

  func slots(in names: [String]) -> [UInt64] {
    names.compactMap { name in
      if case .version(let slot) = self.names.meaning(of: name) { slot } else { nil }
    }
  }

  private func manifest(
    _ slot: UInt64,
    patience: Duration
  ) async throws(MilvusError) -> StoredManifest? {
    let schema = try await self.client.schema(of: self.names.version(slot), patience: patience)
    guard let schema else { return nil }
    guard let manifest = ManifestText.manifest(in: schema.fields.map(\.name)) else {
      throw MilvusError(.malformed, .describeCollection, "holds no version of a catalog")
    }
    return manifest
  }
}
