import Synchronization

/// What each token adds to the filters, and its queries, keys and values, remembered for the tokens seen first.
///
/// Vectors are static, so a token's products are always the same; most of a text's tokens are
/// common ones, and remembering them leaves a sum where there was a matrix product.
final class TokenProducts: Sendable {
  /// Tokens remembered at most, 4.5 KB each.
  static let limit = 4_096

  private let table: VectorTable
  private let layer: DenseLayer
  private let known = Mutex<[Int: [SIMD8<Float>]]>([:])

  init(table: VectorTable, layer: DenseLayer) {
    self.table = table
    self.layer = layer
  }

  /// - Returns: For each token the layer's outputs for its vector, eight a block, `[tokens, blocks]`.
  func blocks(of tokens: [Int]) -> [SIMD8<Float>] {
    let remembered = self.known.withLock { known in tokens.map { known[$0] } }
    var added: [Int: [SIMD8<Float>]] = [:]
    var found: [SIMD8<Float>] = []
    found.reserveCapacity(tokens.count * self.layer.bias.count)
    for (token, products) in zip(tokens, remembered) {
      if let products = products ?? added[token] {
        found.append(contentsOf: products)
      } else {
        let products = self.layer.blocks(self.table.vectors(of: [token]))
        added[token] = products
        found.append(contentsOf: products)
      }
    }
    if !added.isEmpty {
      self.known.withLock { known in
        for (token, products) in added where known.count < Self.limit { known[token] = products }
      }
    }
    return found
  }
}
