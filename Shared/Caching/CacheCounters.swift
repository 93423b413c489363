import Metrics

/// Counts how a cache does.
struct CacheCounters: Sendable {
  enum Event {
    case hit, miss, coalesced, eviction
  }

  private let hits: Counter
  private let misses: Counter
  private let coalesced: Counter
  private let evictions: Counter

  init(cache: String) {
    let dimensions = [("cache", cache)]
    self.hits = Counter(label: "cache_hits_total", dimensions: dimensions)
    self.misses = Counter(label: "cache_misses_total", dimensions: dimensions)
    self.coalesced = Counter(label: "cache_coalesced_total", dimensions: dimensions)
    self.evictions = Counter(label: "cache_evictions_total", dimensions: dimensions)
  }

  func count(_ event: Event) {
    switch event {
    case .hit: self.hits.increment()
    case .miss: self.misses.increment()
    case .coalesced: self.coalesced.increment()
    case .eviction: self.evictions.increment()
    }
  }
}
