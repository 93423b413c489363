internal import RPC
internal import SwiftProtobuf
internal import FoundationEssentials

/// What is asked with the same arguments in several places.
extension MilvusClient {
  func collections(patience: Duration) async throws(MilvusError) -> [String] {
    var request = MilvusShowCollectionsRequest()
    request.dbName = self.database
    let answer: MilvusShowCollectionsResponse = try await self.call(
      .showCollections,
      request,
      patience: patience
    )
    return answer.collectionNames
  }

  /// The schema of a collection, or `nil` when there is none of this name.
  func schema(
    of name: String,
    patience: Duration
  ) async throws(MilvusError) -> MilvusCollectionSchema? {
    do throws(MilvusError) {
      let answer: MilvusDescribeCollectionResponse = try await self.call(
        .describeCollection,
        self.about(name),
        patience: patience
      )
      return answer.schema
    } catch {
      guard error.isMissingCollection else { throw error }
      return nil
    }
  }

  func create(_ schema: MilvusCollectionSchema, patience: Duration) async throws(MilvusError) {
    var request = MilvusCreateCollectionRequest()
    request.dbName = self.database
    request.collectionName = schema.name
    // One shard, so that each read sees one moment.
    request.shardsNum = 1
    request.consistencyLevel = Consistency.bounded
    do { request.schema = try schema.serializedData() } catch {
      throw MilvusError(.malformed, .createCollection, "could not be written")
    }
    let _: MilvusStatus = try await self.call(.createCollection, request, patience: patience)
  }

  /// Drops a collection; that there is none is no error.
  func drop(_ name: String, patience: Duration) async throws(MilvusError) {
    do throws(MilvusError) {
      let _: MilvusStatus = try await self.call(
        .dropCollection,
        self.about(name),
        patience: patience
      )
    } catch {
      guard error.isMissingCollection else { throw error }
    }
  }

  /// Builds the index of a vector field: by comparing every row, which is exact.
  func index(_ name: String, field: String, patience: Duration) async throws(MilvusError) {
    var request = MilvusCreateIndexRequest()
    request.dbName = self.database
    request.collectionName = name
    request.fieldName = field
    request.indexName = field
    request.extraParams = [
      .with {
        $0.key = "index_type"; $0.value = "FLAT"
      },
      .with {
        $0.key = "metric_type"; $0.value = "COSINE"
      },
      .with {
        $0.key = "params"; $0.value = "{}"
      },
    ]
    let _: MilvusStatus = try await self.call(.createIndex, request, patience: patience)
  }

  /// Loads collections side by side and waits until they can be read.
  ///
  /// - Throws: Code 101 when that takes longer than `patience`.
  func load(_ names: [String], patience: Duration) async throws(MilvusError) {
    let deadline = Self.end(of: patience)
    do throws(MilvusError) {
      for name in names {
        let _: MilvusStatus = try await self.call(
          .loadCollection,
          self.about(name),
          patience: deadline - .now
        )
      }
      for name in names {
        while try await !self.isLoaded(name, patience: deadline - .now) {
          do { try await Task.sleep(for: .milliseconds(50)) } catch {
            throw MilvusError(.failed(.canceled), .getLoadState, "the call was canceled")
          }
        }
      }
    } catch {
      guard error.isLate else { throw error }
      throw MilvusError(
        .refused(code: 101, isRetriable: false),
        error.method,
        "collection not loaded in time"
      )
    }
  }

  private func isLoaded(_ name: String, patience: Duration) async throws(MilvusError) -> Bool {
    var request = MilvusGetLoadStateRequest()
    request.dbName = self.database
    request.collectionName = name
    let answer: MilvusGetLoadStateResponse = try await self.call(
      .getLoadState,
      request,
      patience: patience
    )
    // Of a collection that was dropped, Milvus says so in a success.
    guard answer.state != 0 else {
      throw MilvusError(
        .refused(code: 100, isRetriable: false),
        .getLoadState,
        "collection not found"
      )
    }
    return answer.state == 3
  }

  /// Puts rows in and returns the timestamp from which reads see them.
  func insert(
    _ columns: [MilvusFieldData],
    count: Int,
    into name: String,
    patience: Duration
  ) async throws(MilvusError) -> UInt64 {
    var request = MilvusInsertRequest()
    request.dbName = self.database
    request.collectionName = name
    request.fieldsData = columns
    request.numRows = UInt32(count)
    let answer: MilvusMutationResult = try await self.call(.insert, request, patience: patience)
    guard answer.insertCnt == Int64(count) else {
      throw MilvusError(.malformed, .insert, "says \(answer.insertCnt) of \(count) rows")
    }
    return answer.timestamp
  }

  /// Removes the rows with these keys.
  func delete(
    keys: some Collection<String>,
    from name: String,
    patience: Duration
  ) async throws(MilvusError) {
    var request = MilvusDeleteRequest()
    request.dbName = self.database
    request.collectionName = name
    let list = keys.map { key in "\"\(key)\"" }.joined(separator: ",")
    request.expr = "\(RowField.key) in [\(list)]"
    let _: MilvusMutationResult = try await self.call(.delete, request, patience: patience)
  }

  /// The rows that meet a condition, as of `timestamp` or later.
  ///
  /// A collection that is not loaded, as after a restart of some servers, is loaded first.
  func query(
    _ name: String,
    where condition: String,
    fields: [String],
    timestamp: UInt64,
    patience: Duration
  ) async throws(MilvusError) -> RowColumns {
    var request = MilvusQueryRequest()
    request.dbName = self.database
    request.collectionName = name
    request.expr = condition
    request.outputFields = fields
    request.guaranteeTimestamp = timestamp
    request.consistencyLevel = Consistency.session
    let end = Self.end(of: patience)
    var earlier: MilvusError?
    while true {
      do throws(MilvusError) {
        let answer: MilvusQueryResults = try await self.call(
          .query,
          request,
          patience: end - .now
        )
        return RowColumns(answer.fieldsData)
      } catch {
        if error.isLate, let earlier { throw earlier }
        guard error.isNotLoaded, ContinuousClock.now + Self.loadingPause < end else { throw error }
        earlier = error
        Waiting.current.note(error)
      }
      try await self.load([name], patience: end - .now)
      do { try await Task.sleep(for: Self.loadingPause) } catch {
        throw MilvusError(.failed(.canceled), .query, "the call was canceled")
      }
    }
  }

  /// For some seconds after a restart, Milvus calls loaded what can't be read yet.
  private static let loadingPause = Duration.milliseconds(200)

  /// For each vector, the names of the `count` rows nearest to it that meet a condition, nearest
  /// first.
  func search(
    _ name: String,
    near vectors: [[Float]],
    where condition: String,
    vectorField: String,
    count: Int,
    nameField: String,
    timestamp: UInt64,
    patience: Duration
  ) async throws(MilvusError) -> [[String]] {
    var group = MilvusPlaceholderGroup()
    group.placeholders = [
      .with {
        $0.tag = "$0"
        $0.type = 101
        $0.values = vectors.map { vector in
          vector.map(\.bitPattern.littleEndian).withUnsafeBytes { bytes in Data(bytes) }
        }
      }
    ]
    var request = MilvusSearchRequest()
    request.dbName = self.database
    request.collectionName = name
    do { request.placeholderGroup = try group.serializedData() } catch {
      throw MilvusError(.malformed, .search, "could not be written")
    }
    request.dsl = condition
    request.dslType = 1
    request.outputFields = [nameField]
    request.nq = Int64(vectors.count)
    request.guaranteeTimestamp = timestamp
    request.consistencyLevel = Consistency.session
    request.searchParams = [
      .with {
        $0.key = "anns_field"; $0.value = vectorField
      },
      .with {
        $0.key = "topk"; $0.value = "\(count)"
      },
      .with {
        $0.key = "metric_type"; $0.value = "COSINE"
      },
      .with {
        $0.key = "params"; $0.value = "{}"
      },
      .with {
        $0.key = "round_decimal"; $0.value = "-1"
      },
    ]
    let answer: MilvusSearchResults = try await self.call(.search, request, patience: patience)
    let hits = try RowColumns(answer.results.fieldsData).strings(nameField)
    let counts = answer.results.topks.map(Int.init)
    guard counts.count == vectors.count, counts.allSatisfy({ $0 >= 0 }),
      counts.reduce(0, +) == hits.count
    else { throw MilvusError(.malformed, .search, "does not fit the question") }
    var start = 0
    return counts.map { count in
      defer { start += count }
      return Array(hits[start..<start + count])
    }
  }

  /// Lets an alias name a collection, whatever it named before.
  func point(alias: String, to name: String, patience: Duration) async throws(MilvusError) {
    var request = MilvusAliasRequest()
    request.dbName = self.database
    request.collectionName = name
    request.alias = alias
    do throws(MilvusError) {
      let _: MilvusStatus = try await self.call(.alterAlias, request, patience: patience)
    } catch {
      guard error.code != nil else { throw error }
      let _: MilvusStatus = try await self.call(.createAlias, request, patience: patience)
    }
  }

  private func about(_ name: String) -> MilvusCollectionRequest {
    .with {
      $0.dbName = self.database
      $0.collectionName = name
    }
  }
}

/// How current a read must be.
///
/// Source: https://milvus.io/docs/consistency.md
enum Consistency {
  /// As current as the timestamp that the request gives.
  static let session: Int32 = 1
  static let bounded: Int32 = 2
}
