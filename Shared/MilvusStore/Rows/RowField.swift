internal import SwiftProtobuf

/// The fields of the collections.
///
/// Names are part of what is stored: they don't change.
enum RowField {
  /// Of both: which row of which writing it is.
  static let key = "row"
  static let slot = "slot"
  static let writer = "writer"
  /// Spreads rows over `pages`, so that they can be read in parts.
  static let page = "page"
  static let vector = "vector"
  /// Whether `vector` was given; Milvus demands one of each row.
  static let hasVector = "has_vector"

  static let emotion = "emotion"

  /// A hash of `id` to look for: unlike the id it needs no quoting.
  static let idHash = "id_hash"
  static let id = "id"
  /// True in a row that says that the title was removed.
  static let gone = "gone"
  static let type = "type"
  static let genres = "genres"
  static let year = "year"
  static let runtime = "runtime"
  static let ageRating = "age_rating"
  static let imdbScore = "imdb_score"
  static let tmdbScore = "tmdb_score"
  static let emotions = "emotions"
  static let intensities = "intensities"
  static let sourceHash = "source_hash"
  /// The whole title as JSON.
  static let record = "record"

  static let pages: UInt64 = 1024
  /// A year or runtime that is not known.
  static let unknownInteger = Int64.min
  /// A score that is not known: it is above no bound.
  static let unknownScore = -Double.greatestFiniteMagnitude
}

/// What the fields hold at most; Milvus has no texts without a limit.
enum RowLimits {
  static let idBytes = 1024
  static let nameBytes = 512
  static let listEntries = 256
  static let recordBytes = 65_535
  static let ratingBytes = 64
  /// Of a vector.
  ///
  /// Source: https://milvus.io/docs/limitations.md
  static let dimensions = 32_768
}

extension MilvusFieldSchema {
  static func key(_ name: String, integers: Bool = false) -> Self {
    var field = integers ? Self.scalar(name, .int64) : Self.text(name, bytes: RowLimits.nameBytes)
    field.isPrimaryKey = true
    return field
  }

  static func scalar(_ name: String, _ type: DataType) -> Self {
    .with {
      $0.name = name
      $0.dataType = type.rawValue
    }
  }

  static func text(_ name: String, bytes: Int) -> Self {
    var field = Self.scalar(name, .varChar)
    field.typeParams = [
      .with {
        $0.key = "max_length"; $0.value = "\(bytes)"
      }
    ]
    return field
  }

  static func list(_ name: String, of type: DataType) -> Self {
    var field = Self.scalar(name, .array)
    field.elementType = type.rawValue
    field.typeParams = [
      .with {
        $0.key = "max_capacity"; $0.value = "\(RowLimits.listEntries)"
      }
    ]
    if type == .varChar {
      field.typeParams.append(
        .with {
          $0.key = "max_length"; $0.value = "\(RowLimits.nameBytes)"
        }
      )
    }
    return field
  }

  static func vector(_ name: String, width: Int) -> Self {
    var field = Self.scalar(name, .floatVector)
    field.typeParams = [
      .with {
        $0.key = "dim"; $0.value = "\(width)"
      }
    ]
    return field
  }
}

extension MilvusCollectionSchema {
  private static func writtenFields(width: Int) -> [MilvusFieldSchema] {
    [
      .key(RowField.key), .scalar(RowField.slot, .int64), .scalar(RowField.writer, .int64),
      .scalar(RowField.page, .int64), .vector(RowField.vector, width: width),
      .scalar(RowField.hasVector, .bool),
    ]
  }

  static func titles(_ name: String, width: Int) -> Self {
    .with {
      $0.name = name
      $0.fields =
        Self.writtenFields(width: width) + [
          .scalar(RowField.idHash, .int64), .text(RowField.id, bytes: RowLimits.idBytes),
          .scalar(RowField.gone, .bool), .text(RowField.type, bytes: 16),
          .list(RowField.genres, of: .varChar), .scalar(RowField.year, .int64),
          .scalar(RowField.runtime, .int64),
          .text(RowField.ageRating, bytes: RowLimits.ratingBytes),
          .scalar(RowField.imdbScore, .double), .scalar(RowField.tmdbScore, .double),
          .list(RowField.emotions, of: .varChar), .list(RowField.intensities, of: .double),
          .scalar(RowField.sourceHash, .int64),
          .text(RowField.record, bytes: RowLimits.recordBytes),
        ]
    }
  }

  static func emotions(_ name: String, width: Int) -> Self {
    .with {
      $0.name = name
      $0.fields =
        Self.writtenFields(width: width) + [
          .text(RowField.emotion, bytes: RowLimits.nameBytes)
        ]
    }
  }
}
