import CatalogStore
import Testing

@Suite struct `A store in use` {
  private static let catalog = SampleCatalog.scattered(
    titles: 60,
    words: 40,
    dimensions: 4,
    seed: 8
  )

  @Test(arguments: StoreFactory.all)
  func `gives the same snapshot until the catalog changes`(_ factory: StoreFactory) async throws {
    try await factory.withStore { store in
      try await Self.catalog.write(to: store)
      let first = try await store.snapshot()
      #expect(try await store.snapshot() === first)
      // Longer than a snapshot is served without asking for the version.
      try await Task.sleep(for: .milliseconds(600))
      #expect(try await store.snapshot() === first)
      #expect(try await store.delete(["no such title"]) == 0)
      #expect(try await store.snapshot() === first)
      #expect(try await store.delete(["t0"]) == 1)
      let second = try await store.snapshot()
      #expect(second !== first)
      #expect(second.version != first.version)
      #expect(second.count == 59 && first.count == 60)
    }
  }

  @Test(arguments: StoreFactory.all)
  func `sees its own writes at once`(_ factory: StoreFactory) async throws {
    try await factory.withStore { store in
      for number in 1...40 {
        let title = CatalogTitle(id: "t\(number)", name: "T", type: .movie)
        try await SampleCatalog(titles: [title]).write(to: store)
        #expect(try await store.snapshot().count == number)
      }
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: StoreFactory.all)
  func `sees the writes of another in the end`(_ factory: StoreFactory) async throws {
    try await withFolder { folder in
      let (one, other) = (try factory.open(folder), try factory.open(folder))
      func wait(for count: Int, in store: any TitleStore) async throws {
        while try await store.snapshot().count != count {
          try await Task.sleep(for: .milliseconds(10))
        }
      }
      #expect(try await other.snapshot().count == 0)
      try await Self.catalog.write(to: one)
      try await wait(for: 60, in: other)
      #expect(try await one.snapshot().version == other.snapshot().version)
      #expect(try await other.delete(["t1", "t2"]) == 2)
      try await wait(for: 58, in: one)
      #expect(try await one.digest() == other.digest())
    }
  }

  @Test(arguments: StoreFactory.all)
  func `reads for many callers once`(_ factory: StoreFactory) async throws {
    try await factory.withStore { store in
      try await Self.catalog.write(to: store)
      let snapshots = try await withThrowingTaskGroup(of: CatalogSnapshot.self) { group in
        for _ in 0..<200 { group.addTask { try await store.snapshot() } }
        return try await group.reduce(into: Set<ObjectIdentifier>()) { identities, snapshot in
          #expect(snapshot.count == 60)
          identities.insert(ObjectIdentifier(snapshot))
        }
      }
      #expect(snapshots.count == 1)
    }
  }

  @Test(arguments: StoreFactory.all)
  func `shows readers whole batches only while several write`(_ factory: StoreFactory) async throws
  {
    try await withFolder { folder in
      let stores = try (0..<3).map { _ in try factory.open(folder) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (writer, store) in stores.prefix(2).enumerated() {
          group.addTask {
            for round in 0..<25 {
              let titles = (0..<5).map { number in
                CatalogTitle(id: "\(writer)-\(number)", name: "\(round)", type: .movie)
              }
              try await SampleCatalog(titles: titles).write(to: store)
              if round.isMultiple(of: 5) {
                #expect(try await store.delete(titles.map(\.id)) == 5)
              }
            }
          }
        }
        group.addTask {
          for _ in 0..<100 {
            let ids = (0..<5).map { number in "0-\(number)" }
            let rounds = try await stores[2].titles(ids).map(\.name)
            #expect([0, 5].contains(rounds.count) && Set(rounds).count <= 1)
            #expect(try await stores[2].snapshot().count.isMultiple(of: 5))
          }
        }
        try await group.waitForAll()
      }
      #expect(try await stores[0].digest() == stores[2].digest())
    }
  }

  @Test(arguments: StoreFactory.all)
  func `a cancelled write changes nothing or everything`(_ factory: StoreFactory) async throws {
    try await factory.withStore { store in
      for _ in 0..<20 {
        let task = Task { try await Self.catalog.write(to: store) }
        task.cancel()
        let outcome = await task.result
        let count = try await store.snapshot().count
        switch outcome {
        case .success: #expect(count == 60)
        case .failure(let error):
          #expect(error as? StoreError == .cancelled)
          #expect(count == 0)
        }
        _ = try await store.delete(Self.catalog.titles.map(\.title.id))
      }
    }
  }
}
