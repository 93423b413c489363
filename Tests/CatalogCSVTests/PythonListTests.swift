import Testing

@testable import CatalogCSV

@Suite struct `Python lists` {
  @Test(arguments: [
    ("", []),
    ("  ", []),
    ("[]", []),
    ("{}", []),
    ("()", []),
    ("set()", []),
    ("[ ]", []),
    ("['drama']", ["drama"]),
    ("['drama', 'crime']", ["drama", "crime"]),
    ("[\"it's\", 'so']", ["it's", "so"]),
    ("{'a','b'}", ["a", "b"]),
    ("('a',)", ["a"]),
    ("['a',\n 'b',]", ["a", "b"]),
    (#"['it\'s', "\"", '\\', '\n\t\r']"#, ["it's", "\"", "\\", "\n\t\r"]),
    (#"['\xe9', '\u00e9', '\U0001F600', '\q']"#, ["é", "é", "😀", "\\q"]),
    ("['a, b]']", ["a, b]"]),
    ("['']", [""]),
    ("['😭\u{200D}💔']", ["😭\u{200D}💔"]),
  ])
  func `a literal is read as Python reads it`(literal: String, expected: [String]) throws {
    #expect(try PythonList.texts(literal) == expected)
  }

  @Test(arguments: [
    ("drama", "is not a list"), ("set(", "is not a list"), ("s", "is not a list"),
    ("[", "is a list of something else than quoted texts"),
    ("[1]", "is a list of something else than quoted texts"),
    ("[None]", "is a list of something else than quoted texts"),
    ("[,]", "is a list of something else than quoted texts"),
    ("['a'", "is a list without a comma or an end"),
    ("['a' 'b']", "is a list without a comma or an end"),
    ("['a'}", "is a list without a comma or an end"),
    ("['a", "has a text without a closing quote"), ("['a\\", "has a text without a closing quote"),
    ("[]]", "goes on after the list"), ("['a'] x", "goes on after the list"),
    (#"['\xg1']"#, "has a malformed escape in a text"),
    (#"['\u12"#, "has a malformed escape in a text"),
    (#"['\ud800']"#, "has a malformed escape in a text"),
    (#"['\U00110000']"#, "has a malformed escape in a text"),
    (#"['\u+123']"#, "has a malformed escape in a text"),
  ])
  func `what is no list is told`(literal: String, reason: String) {
    #expect(throws: PythonList.Malformed(reason: reason)) { try PythonList.texts(literal) }
  }
}
