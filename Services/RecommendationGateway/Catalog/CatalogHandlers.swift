import CatalogStore
import Contracts
import RPC
import SwiftProtobuf

/// The methods that change the catalog.
struct CatalogHandlers: Sendable {
  let recommender: Recommender

  static let mostUpserted = 100
  static let mostDeleted = 1000

  func register(on server: inout RPCServer) {
    // A language model may have a hundred titles to read.
    server.register(CatalogMethods.upsertTitles, timeout: .seconds(120)) { request, _ in
      try await self.upsert(request)
    }
    server.register(CatalogMethods.deleteTitles) { request, _ in try await self.delete(request) }
  }

  private func upsert(
    _ request: Netflixgpt_Catalog_V1_UpsertTitlesRequest
  ) async throws -> Netflixgpt_Catalog_V1_UpsertTitlesResponse {
    try Self.check(request)
    var failures: [String: Netflixgpt_Answer_V1_ItemFailure] = [:]
    var titles: [CatalogTitle] = []
    for (index, message) in request.titles.enumerated() {
      do throws(RPCError) {
        titles.append(try CatalogTitle(message, at: "titles[\(index)]"))
      } catch {
        failures[message.id] = .init(error)
      }
    }
    let (prepared, known) = try await self.store(titles)
    failures.merge(prepared.failures) { first, _ in first }
    let version = try await self.version()
    return .with { response in
      response.results = request.titles.map { title in
        .with {
          $0.id = title.id
          if let failure = failures[title.id] {
            $0.failure = failure
          } else {
            $0.change = known.contains(title.id) ? .replaced : .added
          }
          $0.degraded = prepared.degraded[title.id] ?? []
        }
      }
      response.catalogVersion = version
    }
  }

  /// Throws unless there are 1...100 titles with ids that differ.
  private static func check(
    _ request: Netflixgpt_Catalog_V1_UpsertTitlesRequest
  ) throws(RPCError) {
    let count = request.titles.count
    guard (1...Self.mostUpserted).contains(count) else {
      throw .outOfRange("titles", "\(count)", "1...\(Self.mostUpserted) titles")
    }
    var ids: Set<String> = []
    for (index, title) in request.titles.enumerated() where !ids.insert(title.id).inserted {
      throw .invalid(
        field: "titles[\(index)].id",
        "must be unique in the request",
        reason: "DUPLICATE"
      )
    }
  }

  /// Stores titles, all that are ready or none; tells which of them were there before.
  private func store(
    _ titles: [CatalogTitle]
  ) async throws -> (prepared: PreparedTitles, known: Set<String>) {
    guard !titles.isEmpty else { return (PreparedTitles(), []) }
    let prepared = try await TitlePreparation(
      emotions: self.recommender.emotions,
      embeddings: self.recommender.embeddings,
      store: self.recommender.store
    ).prepare(titles)
    let store = self.recommender.store
    do throws(StoreError) {
      let known = try await store.titles(titles.map(\.id), for: .answers)
      if !prepared.titles.isEmpty {
        try await store.upsert(
          prepared.titles,
          emotionVectors: prepared.vectors,
          space: prepared.space
        )
      }
      return (prepared, Set(known.map(\.id)))
    } catch {
      throw RPCError(error)
    }
  }

  private func delete(
    _ request: Netflixgpt_Catalog_V1_DeleteTitlesRequest
  ) async throws -> Netflixgpt_Catalog_V1_DeleteTitlesResponse {
    guard (1...Self.mostDeleted).contains(request.ids.count) else {
      throw RPCError.outOfRange("ids", "\(request.ids.count)", "1...\(Self.mostDeleted) ids")
    }
    for (index, id) in request.ids.enumerated() { try TitleID.check(id, at: "ids[\(index)]") }
    let (deleted, known) = try await self.remove(request.ids)
    let version = try await self.version()
    return .with {
      $0.deleted = Int32(clamping: deleted)
      $0.unknownIds = request.ids.filter { !known.contains($0) }
      $0.catalogVersion = version
    }
  }

  private func remove(_ ids: [String]) async throws -> (deleted: Int, known: Set<String>) {
    let store = self.recommender.store
    do throws(StoreError) {
      let known = try await store.titles(ids, for: .answers)
      return (try await store.delete(ids), Set(known.map(\.id)))
    } catch {
      throw RPCError(error)
    }
  }

  /// Of the catalog with what this call wrote; others are answered from the one before meanwhile.
  private func version() async throws -> String {
    do { return try await self.recommender.store.snapshot(for: .changes).version } catch {
      throw RPCError(error)
    }
  }
}
