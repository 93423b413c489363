import Foundation
import SeededRandom
import Testing

@testable import LocalModels

@Suite struct `What tokens attend to` {
  private static let heads = 2
  private static let reach = 4
  /// Blocks of a token's products: three that are not attention's, queries, keys and values.
  private static let blocks = 3 + heads * (2 + 2 + 4)

  /// Computes as the definition says, one number at a time.
  private func expected(
    _ products: [Float],
    bias: [Float],
    distances: [Float],
    count: Int
  ) -> [Float] {
    let (heads, width) = (Self.heads, Self.blocks * 8)
    let values = 32
    return (0..<count).flatMap { token in
      (0..<heads).flatMap { head in
        let logits = (0..<count).map { other in
          let away = max(-Self.reach, min(Self.reach, other - token)) + Self.reach
          let likeness = (0..<16).reduce(Float(0)) { sum, slot in
            let query = products[token * width + 24 + head * 16 + slot] + bias[head * 16 + slot]
            return sum + query * products[other * width + 24 + (heads + head) * 16 + slot]
          }
          return likeness / 4 + distances[head * (2 * Self.reach + 1) + away]
        }
        let weights = logits.map { expf($0 - (logits.max() ?? 0)) }
        let total = weights.reduce(0, +)
        return (0..<values).map { slot in
          zip(0..<count, weights).reduce(Float(0)) { sum, item in
            let place = item.0 * width + 24 + heads * 32 + head * values + slot
            return sum + item.1 / total * products[place]
          }
        }
      }
    }
  }

  @Test(arguments: [1, 2, 7, 8, 9, 17, 64])
  func `gives what its definition says`(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let random = { (length: Int) in
      (0..<length).map { _ in Float.random(in: -2...2, using: &generator) }
    }
    let products = random(count * Self.blocks * 8)
    let bias = random(Self.heads * 16)
    let distances = random(Self.heads * (2 * Self.reach + 1))
    let attention = try Attention(distances: distances, bias: bias, window: 64)
    let sums = products.withUnsafeBufferPointer { products in
      attention(products, queries: 24, count: count)
    }
    let found = sums.flatMap { block in (0..<8).map { block[$0] } }
    let wanted = self.expected(products, bias: bias, distances: distances, count: count)
    #expect(found.count == wanted.count)
    #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test(arguments: [0, 1, 16, 17, 19, 20])
  func `is not made of numbers that do not fit the heads`(count: Int) {
    let bias = [Float](repeating: 0, count: 32)
    #expect(throws: LocalModelError.self) {
      _ = try Attention(distances: [Float](repeating: 0, count: count), bias: bias, window: 64)
    }
  }

  @Test func `looks at no token behind the last`() throws {
    // One head whose keys match its queries by -100, where an empty place would get 0.
    var products = [Float](repeating: 0, count: 3 * 64)
    for token in 0..<3 {
      products[token * 64] = 20
      products[token * 64 + 16] = token == 1 ? -20 : -40
      for slot in 32..<64 { products[token * 64 + slot] = Float(token) }
    }
    let attention = try Attention(
      distances: [0],
      bias: [Float](repeating: 0, count: 16),
      window: 64
    )
    let sums = products.withUnsafeBufferPointer { attention($0, queries: 0, count: 3) }
    #expect(sums.allSatisfy { block in (0..<8).allSatisfy { abs(block[$0] - 1) < 1e-4 } })
  }

  @Test func `takes powers of e as the C library does`() {
    for step in 0...4_000 {
      let value = Float(step) / -100
      let found = exponential(SIMD8(repeating: value))[0]
      #expect(abs(found - expf(value)) <= 1e-5 * expf(value), "e^\(value)")
    }
    #expect(exponential(SIMD8(repeating: -.infinity))[0] < 1e-17)
  }
}
