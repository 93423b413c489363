/// A linear layer, `[inputs]` to `[outputs]`, stored with eight bits a weight.
struct DenseLayer: Sendable {
  let inputs: Int
  let outputs: Int
  /// For eight outputs at a time one vector an input; absent outputs are zero.
  private let blocks: [SIMD8<Float>]
  let bias: [SIMD8<Float>]

  init(_ reader: inout SectionReader) throws(LocalModelError) {
    let inputs = try reader.count(limit: 4_096)
    let outputs = try reader.count(limit: 4_096)
    let scales = try reader.floats(outputs)
    let bias = try reader.floats(outputs)
    let values = Array(try reader.take(inputs * outputs))
    self.init(inputs: inputs, bias: bias) { input, output in
      Float(Int8(bitPattern: values[input * outputs + output])) * scales[output]
    }
  }

  /// - Parameters:
  ///   - inputs: How many values go in.
  ///   - bias: What comes out for zeros, `[outputs]`.
  ///   - weight: The weight between an input and an output.
  init(inputs: Int, bias: [Float], weight: (_ input: Int, _ output: Int) -> Float) {
    let count = (bias.count + 7) / 8
    var blocks = [SIMD8<Float>](repeating: .zero, count: count * inputs)
    var biases = [SIMD8<Float>](repeating: .zero, count: count)
    for output in bias.indices {
      biases[output / 8][output % 8] = bias[output]
      for input in 0..<inputs {
        blocks[output / 8 * inputs + input][output % 8] = weight(input, output)
      }
    }
    self.inputs = inputs
    self.outputs = bias.count
    self.blocks = blocks
    self.bias = biases
  }

  /// A layer that gives what all of `layers` give, one after another, without bias.
  ///
  /// Each layer must have as many inputs and a multiple of eight outputs.
  init(beside layers: [DenseLayer]) {
    self.inputs = layers.first?.inputs ?? 0
    self.outputs = layers.reduce(0) { $0 + $1.outputs }
    self.blocks = layers.flatMap(\.blocks)
    self.bias = [SIMD8<Float>](repeating: .zero, count: self.blocks.count / max(1, self.inputs))
  }

  /// - Returns: The layer for some of its inputs only, with the whole bias.
  func rows(_ rows: Range<Int>) -> DenseLayer {
    let kept = self.bias.indices.flatMap { block in
      self.blocks[(block * self.inputs + rows.lowerBound)..<(block * self.inputs + rows.upperBound)]
    }
    return DenseLayer(inputs: rows.count, outputs: self.outputs, blocks: kept, bias: self.bias)
  }

  private init(inputs: Int, outputs: Int, blocks: [SIMD8<Float>], bias: [SIMD8<Float>]) {
    self.inputs = inputs
    self.outputs = outputs
    self.blocks = blocks
    self.bias = bias
  }

  /// What the layer gives, eight outputs a vector, the last filled up with zeros.
  ///
  /// - Complexity: O(inputs × outputs); one allocation.
  func blocks(_ input: [Float]) -> [SIMD8<Float>] {
    guard input.count == self.inputs else { return self.bias }
    return self.blocks.withUnsafeBufferPointer { blocks in
      input.withUnsafeBufferPointer { input in
        self.bias.indices.map { block in
          var sums = (self.bias[block], SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
          let first = block * input.count
          var slot = 0
          while slot + 3 < input.count {
            sums.0 += blocks[first + slot] * input[slot]
            sums.1 += blocks[first + slot + 1] * input[slot + 1]
            sums.2 += blocks[first + slot + 2] * input[slot + 2]
            sums.3 += blocks[first + slot + 3] * input[slot + 3]
            slot += 4
          }
          while slot < input.count {
            sums.0 += blocks[first + slot] * input[slot]
            slot += 1
          }
          return (sums.0 + sums.1) + (sums.2 + sums.3)
        }
      }
    }
  }

  /// - Returns: `input × weights + bias`, `[outputs]`.
  func callAsFunction(_ input: [Float]) -> [Float] {
    numbers(self.blocks(input), count: self.outputs)
  }
}

/// - Returns: The first `count` numbers of blocks of eight, one after another; all without a count.
func numbers(_ blocks: [SIMD8<Float>], count: Int? = nil) -> [Float] {
  (0..<(count ?? 8 * blocks.count)).map { blocks[$0 / 8][$0 % 8] }
}
