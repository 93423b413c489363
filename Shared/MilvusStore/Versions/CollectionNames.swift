/// What tells the collections of one generation of a catalog from those of others: the slot they
/// were made for, and the session that made them.
struct Generation: Sendable, Hashable {
  let slot: UInt64
  let writer: UInt64

  fileprivate var suffix: String { "\(self.slot)_\(String(self.writer, radix: 16))" }
}

/// The names of a catalog's collections in Milvus, and what they say.
struct CollectionNames: Sendable, Hashable {
  let prefix: String

  enum Meaning: Hashable {
    case version(slot: UInt64)
    case rows(Generation)
  }

  /// The collection whose name claims a slot, and whose fields' names are the version.
  func version(_ slot: UInt64) -> String { "\(self.prefix)_v\(slot)" }
  func titles(_ generation: Generation) -> String { "\(self.prefix)_titles_\(generation.suffix)" }
  func emotions(_ generation: Generation) -> String {
    "\(self.prefix)_emotions_\(generation.suffix)"
  }

  /// For people and other programs: names the titles in service.
  var titlesAlias: String { "\(self.prefix)_titles" }
  /// For people and other programs: names the emotions in service.
  var emotionsAlias: String { "\(self.prefix)_emotions" }

  /// What a collection is to this catalog; `nil` for one of others.
  func meaning(of name: String) -> Meaning? {
    guard name.hasPrefix("\(self.prefix)_") else { return nil }
    let parts = name.dropFirst(self.prefix.count + 1).split(
      separator: "_",
      omittingEmptySubsequences: false
    )
    if parts.count == 1, parts[0].first == "v", let slot = UInt64(parts[0].dropFirst()) {
      return .version(slot: slot)
    }
    if parts.count == 3, ["titles", "emotions"].contains(parts[0]), let slot = UInt64(parts[1]),
      let writer = UInt64(parts[2], radix: 16)
    {
      return .rows(Generation(slot: slot, writer: writer))
    }
    return nil
  }
}
