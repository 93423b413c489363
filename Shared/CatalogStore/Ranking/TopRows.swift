/// The best rows seen so far: a heap of at most `limit` with the worst on top.
struct TopRows {
  struct Entry {
    let row: Int
    let score: Double

    /// Lower scores are worse; of equal ones the later row.
    func isWorse(than other: Entry) -> Bool {
      self.score != other.score ? self.score < other.score : self.row > other.row
    }
  }

  private let limit: Int
  private var heap: [Entry] = []

  init(limit: Int) {
    self.limit = limit
  }

  /// - Complexity: O(log `limit`), and O(1) for an entry that is worse than all kept.
  mutating func offer(_ entry: Entry) {
    if self.heap.count < self.limit {
      self.heap.append(entry)
      self.siftUp()
    } else if let worst = self.heap.first, worst.isWorse(than: entry) {
      self.heap[0] = entry
      self.siftDown()
    }
  }

  /// Best first.
  consuming func sorted() -> [Entry] {
    self.heap.sorted { left, right in right.isWorse(than: left) }
  }

  private mutating func siftUp() {
    var child = self.heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard self.heap[child].isWorse(than: self.heap[parent]) else { return }
      self.heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var worst = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < self.heap.count {
        if self.heap[child].isWorse(than: self.heap[worst]) { worst = child }
      }
      guard worst != parent else { return }
      self.heap.swapAt(parent, worst)
      parent = worst
    }
  }
}
