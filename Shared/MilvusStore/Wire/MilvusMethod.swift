internal import Metrics
internal import RPC

/// What Milvus is asked to do.
enum MilvusMethod: String, CaseIterable {
  case createAlias = "CreateAlias"
  case alterAlias = "AlterAlias"
  case createCollection = "CreateCollection"
  case createIndex = "CreateIndex"
  case delete = "Delete"
  case describeCollection = "DescribeCollection"
  case dropCollection = "DropCollection"
  case getLoadState = "GetLoadState"
  case insert = "Insert"
  case loadCollection = "LoadCollection"
  case query = "Query"
  case search = "Search"
  case showCollections = "ShowCollections"

  var path: String { "/milvus.proto.milvus.MilvusService/\(self.rawValue)" }

  /// Each may be called twice: rows have keys, names are unique.
  var idempotency: Idempotency {
    switch self {
    case .describeCollection, .getLoadState, .query, .search, .showCollections: .noSideEffects
    default: .idempotent
    }
  }
}

/// How long calls of Milvus took, and how many were made again.
struct MilvusMetrics: Sendable {
  private let durations: [MilvusMethod: Timer]
  private let retries: [MilvusMethod: Counter]

  init() {
    var durations: [MilvusMethod: Timer] = [:]
    var retries: [MilvusMethod: Counter] = [:]
    for method in MilvusMethod.allCases {
      let dimensions = [("rpc", method.rawValue)]
      durations[method] = Timer(label: "milvus_call_duration_seconds", dimensions: dimensions)
      retries[method] = Counter(label: "milvus_call_retries_total", dimensions: dimensions)
    }
    self.durations = durations
    self.retries = retries
  }

  func record(_ method: MilvusMethod, _ duration: Duration) {
    self.durations[method]?.record(duration: duration)
  }

  func countRetry(_ method: MilvusMethod) {
    self.retries[method]?.increment()
  }
}
