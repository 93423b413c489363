/// A dictionary with a bound that forgets what was used least lately; every operation is O(1).
struct RecencyList<Key: Hashable, Value> {
  private struct Slot {
    var key: Key
    var value: Value
    var newer: Int?
    var older: Int?
  }

  private let capacity: Int
  /// Places in `slots` by key.
  private var places: [Key: Int] = [:]
  private var slots: [Slot] = []
  private var newest: Int?
  private var oldest: Int?

  /// - Parameter capacity: The most entries kept, taken as 1 when less.
  init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  var count: Int { self.slots.count }

  /// The value of `key`, which is the latest used one from now on.
  mutating func touch(_ key: Key) -> Value? {
    guard let place = self.places[key] else { return nil }
    self.unlink(place)
    self.linkAsNewest(place)
    return self.slots[place].value
  }

  /// Sets the value of `key`, which is the latest used one from now on.
  ///
  /// - Returns: Whether another key was forgotten for it.
  @discardableResult mutating func insert(_ value: Value, for key: Key) -> Bool {
    if self.touch(key) != nil, let place = self.places[key] {
      self.slots[place].value = value
      return false
    }
    var isFull = false
    if self.slots.count == self.capacity, let oldest = self.oldest {
      isFull = true
      self.remove(self.slots[oldest].key)
    }
    self.slots.append(Slot(key: key, value: value))
    self.places[key] = self.slots.count - 1
    self.linkAsNewest(self.slots.count - 1)
    return isFull
  }

  mutating func remove(_ key: Key) {
    guard let place = self.places.removeValue(forKey: key) else { return }
    self.unlink(place)
    let last = self.slots.count - 1
    if place != last { self.move(from: last, to: place) }
    self.slots.removeLast()
  }

  /// Puts the slot at `source` into the free place `target`, so that no hole stays.
  private mutating func move(from source: Int, to target: Int) {
    let slot = self.slots[source]
    self.slots[target] = slot
    self.places[slot.key] = target
    if let newer = slot.newer { self.slots[newer].older = target } else { self.newest = target }
    if let older = slot.older { self.slots[older].newer = target } else { self.oldest = target }
  }

  private mutating func unlink(_ place: Int) {
    let (newer, older) = (self.slots[place].newer, self.slots[place].older)
    if let newer { self.slots[newer].older = older } else { self.newest = older }
    if let older { self.slots[older].newer = newer } else { self.oldest = newer }
  }

  private mutating func linkAsNewest(_ place: Int) {
    self.slots[place].newer = nil
    self.slots[place].older = self.newest
    if let newest = self.newest { self.slots[newest].newer = place } else { self.oldest = place }
    self.newest = place
  }
}
