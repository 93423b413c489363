internal import GRDB

extension CatalogReading {
  func sourceHashes() throws -> [String: UInt64] {
    let rows = try Row.fetchCursor(self.database, sql: "SELECT id, source_hash FROM titles")
    var hashes: [String: UInt64] = [:]
    while let row = try rows.next() {
      let hash = try row.decode(Int64.self, atIndex: 1)
      hashes[try row.decode(String.self, atIndex: 0)] = UInt64(bitPattern: hash)
    }
    return hashes
  }

  func digest() throws -> String {
    let state = try self.state()
    var hash = StableHash()
    hash.combine(state.space)
    hash.combine(state.dimensions)
    try self.forEachTitle(dimensions: state.dimensions) { stored in hash.combine(stored) }
    try self.forEachEmotion(dimensions: state.dimensions) { _, name, vector in
      hash.combine(name)
      hash.combine(vector)
    }
    return hash.hex
  }
}
