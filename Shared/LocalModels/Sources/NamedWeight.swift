/// A family of feelings and how strongly something speaks of it, 0...1; or an emoji and its weight.
struct NamedWeight: Sendable, Hashable {
  var name: String
  var weight: Float

  /// Reads "name:weight,name:weight"; leaves out what it cannot read.
  static func list(_ field: String) -> [NamedWeight] {
    field.parts(",").compactMap { pair in
      let parts = pair.parts(":")
      guard parts.count == 2, let weight = Float(parts[1]) else { return nil }
      return NamedWeight(name: parts[0], weight: weight)
    }
  }
}
