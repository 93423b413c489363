import Foundation
import LocalModels
import Testing

/// Needs a release build and an idle machine:
/// `MEASURE_SPEED=1 swift test -c release -Xswiftc -enable-testing --filter Speed`.
@Suite(
  .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["MEASURE_SPEED"] != nil, "needs MEASURE_SPEED=1")
)
struct `Speed in processor time` {
  private static let moods = [
    "I had a long day at work, my boss yelled at me again and all I want is something warm and funny",
    "not happy at all, the rain will not stop and nobody called, so I guess it is just me and the cat",
    "we won the final and the whole town is dancing in the streets, I have never been so proud of us",
    "feeling nostalgic tonight: old photographs, my grandmother's kitchen, summers that never ended",
    "I am anxious about the exam tomorrow, I cannot sleep and my heart is racing like a train",
  ]

  @Test func `the file opens within 20 ms`() throws {
    let spent = try processorTime(rounds: 10) {
      _ = try EmotionModel(try ModelResource.locate(override: nil))
    }
    print("opening: \(spent * 1e3) ms")
    #expect(spent < 0.02)
  }

  @Test func `a mood of 100 characters takes less than 100 µs`() throws {
    let model = try Loaded.emotions
    let spent = processorTime(rounds: 400) {
      for mood in Self.moods { _ = model.reading(of: mood) }
    }
    let characters = Self.moods.reduce(0) { $0 + $1.count }
    print("reading: \(spent / Double(characters) * 1e8) µs a 100 characters")
    #expect(spent / Double(characters) * 100 < 100e-6)
  }

  @Test func `an embedding takes less than 10 µs a word`() throws {
    let model = try Loaded.embeddings
    let spent = processorTime(rounds: 400) {
      for mood in Self.moods { _ = model.embedding(of: mood) }
    }
    let words = Self.moods.reduce(0) { $0 + $1.split(separator: " ").count }
    print("embedding: \(spent / Double(words) * 1e6) µs a word")
    #expect(spent / Double(words) < 10e-6)
  }

  @Test func `5,850 titles take less than 10 s`() throws {
    let model = try Loaded.emotions
    let spent = processorTime(rounds: 1) {
      for number in 0..<5_850 {
        let plot = "\(Self.moods[number % 5]) \(Self.moods[(number / 5) % 5]) \(number)"
        _ = model.tags(title: "Title \(number)", description: plot, genres: ["drama", "comedy"])
      }
    }
    print("5,850 titles: \(spent) s")
    #expect(spent < 10)
  }
}

/// Returns the seconds of processor time that one of `rounds` rounds takes, after a first one.
private func processorTime(rounds: Int, _ work: () throws -> Void) rethrows -> Double {
  try work()
  let before = clock()
  for _ in 0..<rounds { try work() }
  return Double(clock() - before) / Double(CLOCKS_PER_SEC) / Double(rounds)
}
