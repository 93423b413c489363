import Caching
import Providers
import Synchronization
import Testing

@Suite struct `A cache of values` {
  private struct Failure: Error {}

  /// Counts calls, and lets them go on when a test says so.
  private final class Work: Sendable {
    let calls = Mutex(0)
    let isOpen = Mutex(false)

    func run(_ value: Int) async throws -> (value: Int, mayKeep: Bool) {
      self.calls.withLock { $0 += 1 }
      while !self.isOpen.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
      return (value, true)
    }
  }

  @Test func `a value is computed once and kept`() async throws {
    let cache = LRUCache<String, Int>(capacity: 10, lifetime: .seconds(60))
    let first = try await cache.value(for: "a") { (1, true) }
    #expect(first == (1, false))
    let second = try await cache.value(for: "a") { (2, true) }
    #expect(second == (1, true))
  }

  @Test func `a value that may not be kept isn't`() async throws {
    let cache = LRUCache<String, Int>(capacity: 10, lifetime: .seconds(60))
    _ = try await cache.value(for: "a") { (1, false) }
    #expect(cache.value(for: "a") == nil)
    #expect(cache.count == 0)
  }

  @Test func `the entry used least lately goes first`() {
    let cache = LRUCache<Int, Int>(capacity: 3, lifetime: .seconds(60))
    for key in 1...3 { cache.insert(key * 10, for: key) }
    #expect(cache.value(for: 1) == 10)
    cache.insert(40, for: 4)
    #expect([1, 2, 3, 4].map { cache.value(for: $0) } == [10, nil, 30, 40])
    cache.insert(31, for: 3)
    cache.insert(50, for: 5)
    #expect([1, 3, 4, 5].map { cache.value(for: $0) } == [nil, 31, 40, 50])
    #expect(cache.count == 3)
  }

  @Test(arguments: [1, 2, 7]) func `the order holds under any use`(capacity: Int) {
    let cache = LRUCache<Int, Int>(capacity: capacity, lifetime: .seconds(60))
    var model: [Int] = []
    var random = SystemRandomNumberGenerator()
    for _ in 0..<5000 {
      let key = Int.random(in: 0..<12, using: &random)
      let isKnown = model.contains(key)
      model.removeAll { $0 == key }
      if Bool.random(using: &random) {
        cache.insert(key, for: key)
        model = Array((model + [key]).suffix(capacity))
      } else {
        #expect((cache.value(for: key) != nil) == isKnown)
        if isKnown { model.append(key) }
      }
      #expect(cache.count == model.count)
    }
  }

  @Test func `an entry ends with its lifetime`() async throws {
    let cache = LRUCache<Int, Int>(capacity: 3, lifetime: .milliseconds(20))
    cache.insert(1, for: 1)
    try await Task.sleep(for: .milliseconds(40))
    #expect(cache.value(for: 1) == nil)
    #expect(cache.count == 0)
  }

  @Test func `equal calls at the same time are computed once`() async throws {
    let cache = LRUCache<String, Int>(capacity: 10, lifetime: .seconds(60))
    let work = Work()
    try await withThrowingTaskGroup(of: (value: Int, isShared: Bool).self) { group in
      for _ in 0..<50 {
        group.addTask { try await cache.value(for: "a") { try await work.run(7) } }
      }
      try await Task.sleep(for: .milliseconds(50))
      work.isOpen.withLock { $0 = true }
      var own = 0
      for try await (value, isShared) in group {
        #expect(value == 7)
        if !isShared { own += 1 }
      }
      #expect(own == 1)
    }
    #expect(work.calls.withLock { $0 } == 1)
  }

  @Test func `a failure reaches all who wait, and the next call computes again`() async throws {
    let cache = LRUCache<String, Int>(capacity: 10, lifetime: .seconds(60))
    let work = Work()
    let failures = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<20 {
        group.addTask {
          do {
            _ = try await cache.value(for: "a") {
              _ = try await work.run(1)
              throw Failure()
            }
            return false
          } catch {
            return error is Failure
          }
        }
      }
      try? await Task.sleep(for: .milliseconds(50))
      work.isOpen.withLock { $0 = true }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(failures == 20)
    #expect(work.calls.withLock { $0 } == 1)
    let value = try await cache.value(for: "a") { (2, true) }
    #expect(value == (2, false))
  }

  @Test func `one that stops waiting disturbs nobody`() async throws {
    let cache = LRUCache<String, Int>(capacity: 10, lifetime: .seconds(60))
    let work = Work()
    async let leader = cache.value(for: "a") { try await work.run(7) }
    while work.calls.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(1)) }
    async let waiter = cache.value(for: "a") { try await work.run(8) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await #expect(throws: CancellationError.self) {
          try await cache.value(for: "a") { try await work.run(9) }
        }
      }
      try? await Task.sleep(for: .milliseconds(20))
      group.cancelAll()
    }
    work.isOpen.withLock { $0 = true }
    #expect(try await leader.value == 7)
    #expect(try await waiter.value == 7)
    #expect(work.calls.withLock { $0 } == 1)
  }

  @Test func `when the computing call is cancelled another computes`() async throws {
    let cache = LRUCache<String, Int>(capacity: 10, lifetime: .seconds(60))
    let work = Work()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { _ = try? await cache.value(for: "a") { try await work.run(1) } }
      while work.calls.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(1)) }
      async let waiter = cache.value(for: "a") { try await work.run(2) }
      try await Task.sleep(for: .milliseconds(20))
      group.cancelAll()
      try await group.waitForAll()
      work.isOpen.withLock { $0 = true }
      #expect(try await waiter == (2, false))
    }
    #expect(work.calls.withLock { $0 } == 2)
  }

  @Test func `many callers and cancellations leave nothing behind`() async {
    let cache = LRUCache<Int, Int>(capacity: 4, lifetime: .seconds(60))
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<500 {
        group.addTask {
          await withTaskGroup(of: Void.self) { inner in
            inner.addTask {
              let result = try? await cache.value(for: number % 7) {
                try await Task.sleep(for: .microseconds(200))
                return (number % 7, number.isMultiple(of: 3))
              }
              if let result { #expect(result.value == number % 7) }
            }
            if number.isMultiple(of: 2) {
              await Task.yield()
              inner.cancelAll()
            }
          }
        }
      }
    }
    #expect(cache.count <= 4)
  }

  @Test func `a digest tells texts apart and keeps none of them`() {
    #expect(TextDigest("a", "b") == TextDigest("a", "b"))
    #expect(TextDigest("a", "b") != TextDigest("ab"))
    #expect(TextDigest("a", "b") != TextDigest("", "ab"))
    #expect(TextDigest("\u{E9}") != TextDigest("e\u{301}"))
    #expect(!"\(TextDigest("my secret mood"))".contains("secret"))
  }
}
