/// Vectors of length 1, `[count, dimensions]`, row after row.
struct UnitRows: Sendable {
  let dimensions: Int
  private(set) var count = 0
  private(set) var components: [Float] = []

  init(dimensions: Int) {
    self.dimensions = dimensions
  }

  /// Adds `vector` scaled to length 1, or a row of zeros, which is like nothing, for `nil`.
  mutating func append(_ vector: [Float]?) {
    if let vector {
      self.components.append(contentsOf: vector.scaledToUnitLength())
    } else {
      self.components.append(contentsOf: repeatElement(0, count: self.dimensions))
    }
    self.count += 1
  }

  subscript(row: Int) -> [Float] {
    Array(self.components[row * self.dimensions..<(row + 1) * self.dimensions])
  }
}

extension [Float] {
  /// The vector divided by its length; zeros stay zeros.
  func scaledToUnitLength() -> [Float] {
    let squares = self.reduce(0.0) { sum, component in sum + Double(component) * Double(component) }
    guard squares > 0 else { return self }
    let length = squares.squareRoot()
    return self.map { component in Float(Double(component) / length) }
  }

  var isFinite: Bool {
    self.allSatisfy(\.isFinite)
  }
}
