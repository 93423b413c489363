/// The cosine of every word with every vector sought: eight of these in the lanes of one SIMD value.
struct WordSimilarities {
  /// Groups of eight vectors sought; the last is filled with zeros.
  let groups: Int
  /// `[words, groups]`, row after row.
  let lanes: [SIMD8<Float>]

  /// - Parameters:
  ///   - words: Rows of length 1.
  ///   - sought: Vectors of length 1, `[words.dimensions]` each.
  /// - Complexity: O(words × dimensions × sought); every sum runs over the dimensions in order.
  init(of words: UnitRows, to sought: [[Float]]) {
    let groups = (sought.count + 7) / 8
    let dimensions = words.dimensions
    var transposed = [SIMD8<Float>](repeating: .zero, count: groups * dimensions)
    for (index, vector) in sought.enumerated() {
      for (dimension, component) in vector.enumerated() {
        transposed[index / 8 * dimensions + dimension][index % 8] = component
      }
    }
    self.groups = groups
    self.lanes = [SIMD8<Float>](unsafeUninitializedCapacity: words.count * groups) {
      lanes,
      count in
      words.components.withUnsafeBufferPointer { components in
        transposed.withUnsafeBufferPointer { sought in
          Self.fill(lanes, words: components, sought: sought, groups: groups, rows: words.count)
          // Rounding takes the cosine of a vector with itself a little beyond 1.
          for index in 0..<words.count * groups {
            lanes[index].replace(with: 1, where: lanes[index] .> 1)
            lanes[index].replace(with: -1, where: lanes[index] .< -1)
          }
        }
      }
      count = words.count * groups
    }
  }

  /// Four words at a time, so that four sums run side by side.
  private static func fill(
    _ lanes: UnsafeMutableBufferPointer<SIMD8<Float>>,
    words: UnsafeBufferPointer<Float>,
    sought: UnsafeBufferPointer<SIMD8<Float>>,
    groups: Int,
    rows: Int
  ) {
    guard groups > 0, rows > 0 else { return }
    let dimensions = words.count / rows
    for group in 0..<groups {
      let base = group * dimensions
      var row = 0
      while row + 4 <= rows {
        let start = row * dimensions
        var (first, second) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
        var (third, fourth) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
        for dimension in 0..<dimensions {
          let column = sought[base + dimension]
          first += words[start + dimension] * column
          second += words[start + dimensions + dimension] * column
          third += words[start + 2 * dimensions + dimension] * column
          fourth += words[start + 3 * dimensions + dimension] * column
        }
        lanes.initializeElement(at: row * groups + group, to: first)
        lanes.initializeElement(at: (row + 1) * groups + group, to: second)
        lanes.initializeElement(at: (row + 2) * groups + group, to: third)
        lanes.initializeElement(at: (row + 3) * groups + group, to: fourth)
        row += 4
      }
      while row < rows {
        var sum = SIMD8<Float>.zero
        for dimension in 0..<dimensions {
          sum += words[row * dimensions + dimension] * sought[base + dimension]
        }
        lanes.initializeElement(at: row * groups + group, to: sum)
        row += 1
      }
    }
  }
}
