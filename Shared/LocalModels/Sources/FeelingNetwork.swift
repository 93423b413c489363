/// What the network makes of a text.
struct Feelings: Sendable {
  /// One probability for each GoEmotions label, 0...1.
  var labels: [Float]
  /// One probability for each family, 0...1.
  var families: [Float]
}

/// A network over a text's tokens, with two heads.
///
/// Mean, maximum and the peaks of filters make its features: filters over two and three tokens, and
/// filters over three that see what the middle one attends to as well. A filter's value is a sum of
/// one product a token, so each token is multiplied once, not once a window.
struct FeelingNetwork: Sendable {
  /// Tokens read at once; a longer text is read in several windows.
  static let window = 64
  static let widths = [2, 3]
  /// Tokens that a filter which attends sees besides.
  static let near = 3

  private let table: VectorTable
  private let products: TokenProducts
  /// For each width one bias a filter, eight filters a block.
  private let biases: [[SIMD8<Float>]]
  /// The biases of the filters that attend.
  private let attendingBiases: [SIMD8<Float>]
  private let attention: Attention
  private let hidden: DenseLayer
  private let labels: DenseLayer
  private let families: DenseLayer

  init(
    _ resource: ModelResource,
    vocabulary: Int,
    labels: Int,
    families: Int
  ) throws(LocalModelError) {
    let table = try VectorTable(resource, tag: "EMBC")
    var reader = try resource.reader("CNNW")
    var convolutions: [DenseLayer] = []
    for _ in Self.widths { convolutions.append(try DenseLayer(&reader)) }
    let near = try DenseLayer(&reader)
    let queries = try DenseLayer(&reader)
    let keys = try DenseLayer(&reader)
    let values = try DenseLayer(&reader)
    self.hidden = try DenseLayer(&reader)
    self.labels = try DenseLayer(&reader)
    self.families = try DenseLayer(&reader)
    try reader.end()
    let filters = convolutions.first?.outputs ?? 0
    let seen = [queries, keys, values]
    guard table.count == vocabulary, filters % 8 == 0,
      seen.allSatisfy({ $0.inputs == table.dimensions }), queries.outputs % Attention.keySize == 0,
      keys.outputs == queries.outputs, numbers(keys.bias + values.bias).allSatisfy({ $0 == 0 }),
      near.inputs == Self.near * table.dimensions,
      [near, values].allSatisfy({
        $0.outputs == queries.outputs / Attention.keySize * Attention.valueSize
      }),
      zip(convolutions, Self.widths).allSatisfy({
        $0.inputs == $1 * table.dimensions && $0.outputs == filters
      }),
      self.hidden.inputs == 2 * table.dimensions + Self.widths.count * filters + near.outputs,
      self.labels.inputs == self.hidden.outputs, self.families.inputs == self.hidden.outputs,
      self.labels.outputs == labels, self.families.outputs == families
    else { throw LocalModelError(.malformed, "the network's layers do not fit together") }
    self.table = table
    self.biases = convolutions.map(\.bias)
    self.attention = try Attention(
      distances: resource.floats("DIST"),
      bias: numbers(queries.bias),
      window: Self.window
    )
    self.attendingBiases = near.bias
    let parts = zip(convolutions + [near], Self.widths + [Self.near]).flatMap { layer, width in
      (0..<width).map { layer.rows($0 * table.dimensions..<($0 + 1) * table.dimensions) }
    }
    self.products = TokenProducts(table: table, layer: DenseLayer(beside: parts + seen))
  }

  /// - Returns: The mean over the windows of `tokens`; for families, halfway to the maximum.
  ///   Zeros if there are no tokens.
  func callAsFunction(_ tokens: [Int]) -> Feelings {
    let starts = stride(from: 0, to: tokens.count, by: Self.window)
    let read = starts.map { start in
      self.read(Array(tokens[start..<min(start + Self.window, tokens.count)]))
    }
    guard let first = read.first else {
      return Feelings(
        labels: [Float](repeating: 0, count: self.labels.outputs),
        families: [Float](repeating: 0, count: self.families.outputs)
      )
    }
    guard read.count > 1 else { return first }
    let count = Float(read.count)
    return Feelings(
      labels: first.labels.indices.map { slot in
        read.reduce(0) { $0 + $1.labels[slot] } / count
      },
      families: first.families.indices.map { slot in
        let mean = read.reduce(0) { $0 + $1.families[slot] } / count
        return (mean + read.reduce(0) { max($0, $1.families[slot]) }) / 2
      }
    )
  }

  private func read(_ tokens: [Int]) -> Feelings {
    let dimensions = self.table.dimensions
    let vectors = self.table.vectors(of: tokens)
    var mean = [Float](repeating: 0, count: dimensions)
    var highest = [Float](repeating: -.infinity, count: dimensions)
    for slot in tokens.indices {
      for column in 0..<dimensions {
        let value = vectors[slot * dimensions + column]
        mean[column] += value
        highest[column] = max(highest[column], value)
      }
    }
    let scale = 1 / Float(tokens.count).squareRoot()
    for column in 0..<dimensions { mean[column] *= scale }
    let products = self.products.blocks(of: tokens)
    let peaks = products.withUnsafeBufferPointer { products in
      self.peaks(of: products, count: tokens.count)
        + self.attending(products, count: tokens.count)
    }
    let hidden = self.hidden(mean + highest + numbers(peaks)).map { max(0, $0) }
    return Feelings(
      labels: self.labels(hidden).map(sigmoid),
      families: self.families(hidden).map(sigmoid)
    )
  }

  /// - Returns: Each filter's highest value over all windows, an empty one among them.
  private func peaks(
    of products: UnsafeBufferPointer<SIMD8<Float>>,
    count: Int
  ) -> [SIMD8<Float>] {
    let width = products.count / count
    var found: [SIMD8<Float>] = []
    var offset = 0
    for (parts, biases) in zip(Self.widths, self.biases) {
      for (block, bias) in biases.enumerated() {
        var peak = pointwiseMax(bias, .zero)
        for start in (1 - parts)..<count {
          var value = bias
          for part in max(0, -start)..<min(parts, count - start) {
            value += products[(start + part) * width + offset + part * biases.count + block]
          }
          peak.replace(with: value, where: value .> peak)
        }
        found.append(peak)
      }
      offset += parts * biases.count
    }
    return found
  }

  /// - Returns: The highest value, 0 or more, of each filter that sees a token, its neighbours and what it attends to.
  private func attending(
    _ products: UnsafeBufferPointer<SIMD8<Float>>,
    count: Int
  ) -> [SIMD8<Float>] {
    let width = products.count / count
    let blocks = self.attendingBiases.count
    let offset = zip(Self.widths, self.biases).reduce(0) { $0 + $1.0 * $1.1.count }
    let seen = products.withMemoryRebound(to: Float.self) { products in
      self.attention(products, queries: 8 * (offset + Self.near * blocks), count: count)
    }
    return self.attendingBiases.enumerated().map { block, bias in
      var peak = SIMD8<Float>.zero
      for token in 0..<count {
        var value = bias + seen[token * blocks + block]
        for part in max(0, 1 - token)..<min(Self.near, count + 1 - token) {
          value += products[(token + part - 1) * width + offset + part * blocks + block]
        }
        peak.replace(with: value, where: value .> peak)
      }
      return peak
    }
  }
}
