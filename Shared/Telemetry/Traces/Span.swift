/// A piece of work that has ended, as a trace shows it.
package struct Span: Sendable {
  /// Which side of a call did the work, by the numbers of OTLP.
  package enum Kind: Int, Sendable {
    case server = 2
    case client = 3
  }

  /// What is known of the work, by one of OpenTelemetry's names.
  package struct Attribute: Sendable {
    package enum Value: Sendable {
      case text(String)
      case integer(Int)
    }

    package var name: String
    package var value: Value

    package static func text(_ name: String, _ value: String) -> Attribute {
      Attribute(name: name, value: .text(value))
    }

    package static func integer(_ name: String, _ value: Int) -> Attribute {
      Attribute(name: name, value: .integer(value))
    }
  }

  package var context: TraceContext
  /// What the work was done for; `nil` at the start of a trace.
  package var parent: TraceContext?
  package var name: String
  package var kind: Kind
  /// Nanoseconds since 1970.
  package var start: UInt64
  package var duration: Duration
  package var attributes: [Attribute]
  /// Why the work failed, in a word, or `nil`; never the text of an error.
  package var failure: String?
}
