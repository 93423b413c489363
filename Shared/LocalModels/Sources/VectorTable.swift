/// One vector a token, four bits a value and one scale a vector.
struct VectorTable: Sendable {
  let dimensions: Int
  let count: Int
  private let scales: [Float]
  private let halves: ArraySlice<UInt8>

  init(_ resource: ModelResource, tag: String) throws(LocalModelError) {
    var reader = try resource.reader(tag)
    self.count = try reader.count(limit: 1 << 20)
    self.dimensions = try reader.count(limit: 4_096)
    guard self.dimensions % 2 == 0 else {
      throw LocalModelError(.malformed, "section \(tag) has an odd number of dimensions")
    }
    self.scales = try reader.floats(self.count)
    self.halves = try reader.take(self.count * self.dimensions / 2)
    try reader.end()
  }

  /// Adds a row to `sum`, `[dimensions]`; a row that does not exist adds nothing.
  func add(row: Int, to sum: UnsafeMutableBufferPointer<Float>) {
    guard row >= 0, row < self.count, sum.count == self.dimensions else { return }
    let scale = self.scales[row]
    let width = self.dimensions / 2
    self.halves.withUnsafeBufferPointer { halves in
      for slot in 0..<width {
        let byte = halves[row * width + slot]
        sum[2 * slot] += Float(Int32(byte & 15) - 8) * scale
        sum[2 * slot + 1] += Float(Int32(byte >> 4) - 8) * scale
      }
    }
  }

  /// - Returns: The rows, one after another, `[rows.count, dimensions]`.
  func vectors(of rows: [Int]) -> [Float] {
    var found = [Float](repeating: 0, count: rows.count * self.dimensions)
    found.withUnsafeMutableBufferPointer { found in
      for (slot, row) in rows.enumerated() {
        let range = slot * self.dimensions..<(slot + 1) * self.dimensions
        self.add(row: row, to: UnsafeMutableBufferPointer(rebasing: found[range]))
      }
    }
    return found
  }

  /// - Returns: The unit vector that points as the rows' sum does, or `nil` if that is zero.
  func direction(of rows: [Int]) -> [Float]? {
    var sum = [Float](repeating: 0, count: self.dimensions)
    sum.withUnsafeMutableBufferPointer { sum in
      for row in rows { self.add(row: row, to: sum) }
    }
    return unit(sum)
  }
}

/// - Returns: The vector at length 1, or `nil` where it has no direction.
func unit(_ vector: [Float]) -> [Float]? {
  let length = dot(vector, vector).squareRoot()
  guard length.isFinite, length > 1e-6 else { return nil }
  return vector.map { $0 / length }
}

/// The sum of products of two vectors, as far as the shorter one goes.
func dot(_ first: [Float], _ second: [Float]) -> Float {
  let count = min(first.count, second.count)
  return first.withUnsafeBytes { first in
    second.withUnsafeBytes { second in
      var sums = SIMD8<Float>()
      var position = 0
      while position + 8 <= count {
        sums +=
          first.loadUnaligned(fromByteOffset: position * 4, as: SIMD8<Float>.self)
          * second.loadUnaligned(fromByteOffset: position * 4, as: SIMD8<Float>.self)
        position += 8
      }
      var sum = sums.sum()
      while position < count {
        sum +=
          first.loadUnaligned(fromByteOffset: position * 4, as: Float.self)
          * second.loadUnaligned(fromByteOffset: position * 4, as: Float.self)
        position += 1
      }
      return sum
    }
  }
}
