package import HTTPMessage
import SwiftProtobuf

extension [Header] {
  /// One header for each name, with all its values, in the order the names first come.
  package init(_ fields: HeaderFields) {
    self = []
    for field in fields.fields {
      if let index = self.firstIndex(where: { $0.name == field.name }) {
        self[index].value.append(field.value)
      } else {
        self.append(
          .with {
            $0.name = field.name
            $0.value = [field.value]
          }
        )
      }
    }
  }

  /// A field for each value of each header, its name in lower case.
  package var fields: HeaderFields {
    var fields = HeaderFields()
    for header in self {
      for value in header.value { fields.append(header.name.lowercased(), value) }
    }
    return fields
  }
}
