internal import CatalogStore

/// Emotions as columns, and back.
enum EmotionRows {
  static let fields =
    RowTag.fields + [RowField.emotion, RowField.hasVector, RowField.vector]

  /// What a row takes in a message, or a little more.
  static func bytes(_ name: String, width: Int) -> Int {
    WrittenColumns.bytes(width: width) + name.utf8.count + 8
  }

  static func columns(
    _ rows: some Collection<(tag: RowTag, name: String, vector: [Float])>,
    width: Int
  ) -> [MilvusFieldData] {
    WrittenColumns.columns(
      rows.map(\.tag),
      names: rows.map(\.name),
      vectors: rows.map { row in row.vector.isEmpty ? nil : row.vector },
      width: width
    ) + [MilvusFieldData(RowField.emotion, strings: rows.map(\.name))]
  }
}
