import CatalogStore
import RPC

extension CatalogSnapshot {
  /// Ranks without holding up the event loop that the caller runs on: at a few thousand titles a
  /// ranking takes milliseconds.
  func rankOffLoop(_ query: RankingQuery) async throws -> Ranking {
    try await withTaskExecutorPreference(globalConcurrentExecutor) {
      do throws(StoreError) { return try self.rank(query) } catch { throw RPCError(error) }
    }
  }

  /// A query for titles that feel like a title and are about the same.
  func query(
    like id: String,
    contentWeight: Double,
    filter: TitleFilter,
    limit: Int
  ) -> RankingQuery {
    let emotions = self.emotions(of: id) ?? []
    let content = self.contentVector(of: id)
    let weight = content == nil ? 0 : contentWeight
    let total = emotions.reduce(0) { $0 + $1.intensity }
    return RankingQuery(
      emotions: emotions.map { emotion in
        let share = total > 0 ? emotion.intensity / total : 1 / Double(emotions.count)
        return .init(name: emotion.name, vector: emotion.vector, weight: share * (1 - weight))
      },
      content: content.map { .init(vector: $0, weight: weight) },
      filter: filter,
      limit: limit,
      excludedTitleID: id
    )
  }
}
