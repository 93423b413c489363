/// The header fields of a request or a response, in the order they came.
///
/// Names are lower case, as HTTP/2 demands; look-ups expect them so. A list of at most a few dozen
/// fields is searched from its start, which beats a dictionary at that size.
package struct HeaderFields: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  /// One line of a header: a lower-case name and its value.
  package struct Field: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package private(set) var fields: [Field] = []

  package init() {}

  package init(dictionaryLiteral elements: (String, String)...) {
    self.fields = elements.map { Field(name: $0.0, value: $0.1) }
  }

  /// The first value of `name`; setting replaces every field of that name, `nil` removes them.
  package subscript(name: String) -> String? {
    get { self.fields.first { $0.name == name }?.value }
    set {
      self.fields.removeAll { $0.name == name }
      if let newValue { self.fields.append(Field(name: name, value: newValue)) }
    }
  }

  /// Every value of `name`, in order.
  package func values(of name: String) -> [String] {
    self.fields.lazy.filter { $0.name == name }.map(\.value)
  }

  /// Adds a field after the others, whether or not its name is there already.
  package mutating func append(_ name: String, _ value: String) {
    self.fields.append(Field(name: name, value: value))
  }

  package mutating func reserveCapacity(_ count: Int) {
    self.fields.reserveCapacity(count)
  }
}
