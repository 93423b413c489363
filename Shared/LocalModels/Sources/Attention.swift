/// Finds what each token of a text attends to, by several heads: each looks for other tokens, at other distances.
///
/// Queries, keys and values are products of static vectors, so only their meeting is computed a text.
struct Attention: Sendable {
  /// Numbers in a head's query, and as many in its key.
  static let keySize = SIMD16<Float>.scalarCount
  /// Numbers in a head's value: four blocks of eight.
  static let valueSize = 32

  private let heads: Int
  /// What is added to every query, one a head.
  private let bias: [SIMD16<Float>]
  /// What the logit of a token so far away gains, `-window...window + 7` for each head.
  private let distances: [Float]
  private let window: Int
  /// Distances a head.
  private let span: Int

  /// - Parameters:
  ///   - distances: `[heads, 2 × reach + 1]`, for `-reach...reach`; those beyond count like the last.
  ///   - bias: What is added to every query, `[heads, keySize]`.
  ///   - window: The most tokens of a text.
  /// - Throws: `malformed` where the numbers do not fit heads of `keySize`.
  init(distances: [Float], bias: [Float], window: Int) throws(LocalModelError) {
    let heads = bias.count / Self.keySize
    let width = heads == 0 ? 0 : distances.count / heads
    guard width % 2 == 1, width * heads == distances.count, bias.count == heads * Self.keySize
    else {
      throw LocalModelError(.malformed, "section DIST holds \(distances.count) numbers")
    }
    self.heads = heads
    self.bias = (0..<heads).map { head in
      SIMD16(bias[head * Self.keySize..<(head + 1) * Self.keySize])
    }
    self.distances = (0..<heads).flatMap { head in
      (-window...window + 7).map { away in
        distances[head * width + max(0, min(width - 1, away + width / 2))]
      }
    }
    self.window = window
    self.span = 2 * window + 8
  }

  /// The mean of all tokens' values for each token, weighed by how well their keys match its query.
  ///
  /// - Parameters:
  ///   - products: All products of the tokens, `[count, width]`. Nothing checks that the width
  ///     holds what stands behind `queries`.
  ///   - queries: Where the queries stand among a token's products; keys and values of all heads follow.
  ///   - count: The tokens, 1 or more and at most a window.
  /// - Returns: `[count, heads × valueSize]`, eight numbers a block.
  /// - Complexity: O(count²).
  func callAsFunction(
    _ products: UnsafeBufferPointer<Float>,
    queries: Int,
    count: Int
  ) -> [SIMD8<Float>] {
    let width = products.count / count
    let keys = queries + self.heads * Self.keySize
    let values = keys + self.heads * Self.keySize
    let filled = (count + 7) / 8 * 8
    let bytes = UnsafeRawBufferPointer(products)
    var found = [SIMD8<Float>](repeating: .zero, count: count * self.heads * Self.valueSize / 8)
    var turned = [Float](repeating: 0, count: Self.keySize * filled)
    var weights = [Float](repeating: 0, count: filled)
    for head in 0..<self.heads {
      for token in 0..<count {
        let key = token * width + keys + head * Self.keySize
        for slot in 0..<Self.keySize { turned[slot * filled + token] = products[key + slot] }
      }
      for token in 0..<count {
        let query = token * width + queries + head * Self.keySize
        self.weigh(
          bytes.loadUnaligned(fromByteOffset: 4 * query, as: SIMD16<Float>.self) + self.bias[head],
          keys: turned,
          away: head * self.span + self.window - token,
          count: count,
          into: &weights
        )
        var sums = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
        for other in 0..<count {
          let value = 4 * (other * width + values + head * Self.valueSize)
          let weight = weights[other]
          sums.0 += bytes.loadUnaligned(fromByteOffset: value, as: SIMD8<Float>.self) * weight
          sums.1 += bytes.loadUnaligned(fromByteOffset: value + 32, as: SIMD8<Float>.self) * weight
          sums.2 += bytes.loadUnaligned(fromByteOffset: value + 64, as: SIMD8<Float>.self) * weight
          sums.3 += bytes.loadUnaligned(fromByteOffset: value + 96, as: SIMD8<Float>.self) * weight
        }
        let place = (token * self.heads + head) * 4
        (found[place], found[place + 1], found[place + 2], found[place + 3]) = sums
      }
    }
    return found
  }

  /// Makes `weights` the shares of a query's attention that each of `count` tokens gets, 1 together.
  ///
  /// - Parameters:
  ///   - query: What the keys are matched with.
  ///   - keys: `[keySize, weights.count]`.
  ///   - away: Where in `distances` that of the first token stands.
  ///   - count: The tokens; what is behind gets next to none.
  ///   - weights: As many as `count`, filled up to eights.
  private func weigh(
    _ query: SIMD16<Float>,
    keys: [Float],
    away: Int,
    count: Int,
    into weights: inout [Float]
  ) {
    let filled = weights.count
    let scale = 1 / Float(Self.keySize).squareRoot()
    // A vector's numbers are slow to read by an index that varies.
    let scaled = (0..<Self.keySize).map { query[$0] * scale }
    weights.withUnsafeMutableBytes { weights in
      var highest = SIMD8<Float>(repeating: -.infinity)
      for group in stride(from: 0, to: filled, by: 8) {
        var logits = self.distances.withUnsafeBytes {
          $0.loadUnaligned(fromByteOffset: 4 * (away + group), as: SIMD8<Float>.self)
        }
        keys.withUnsafeBytes { keys in
          for slot in 0..<Self.keySize {
            let place = 4 * (slot * filled + group)
            logits +=
              keys.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self) * scaled[slot]
          }
        }
        for slot in 0..<8 where group + slot >= count { logits[slot] = -.infinity }
        highest.replace(with: logits, where: logits .> highest)
        weights.storeBytes(of: logits, toByteOffset: 4 * group, as: SIMD8<Float>.self)
      }
      let peak = highest.max()
      var total = SIMD8<Float>.zero
      for group in stride(from: 0, to: filled, by: 8) {
        let logits = weights.loadUnaligned(fromByteOffset: 4 * group, as: SIMD8<Float>.self)
        let powers = exponential(logits - peak)
        total += powers
        weights.storeBytes(of: powers, toByteOffset: 4 * group, as: SIMD8<Float>.self)
      }
      let share = 1 / total.sum()
      for group in stride(from: 0, to: filled, by: 8) {
        let powers = weights.loadUnaligned(fromByteOffset: 4 * group, as: SIMD8<Float>.self)
        weights.storeBytes(of: powers * share, toByteOffset: 4 * group, as: SIMD8<Float>.self)
      }
    }
  }
}
