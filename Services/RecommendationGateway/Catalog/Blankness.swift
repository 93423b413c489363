extension String {
  /// Whether nothing in it can be seen: only white space and invisible marks.
  ///
  /// The services behind the gateway refuse such texts.
  var isBlank: Bool { self.unicodeScalars.allSatisfy(\.isBlank) }

  /// Without what can't be seen before its first visible character.
  var withoutBlankStart: Substring.UnicodeScalarView { self.unicodeScalars.drop(while: \.isBlank) }
}

extension Unicode.Scalar {
  fileprivate var isBlank: Bool {
    self.properties.isWhitespace || self.properties.isDefaultIgnorableCodePoint
  }
}
