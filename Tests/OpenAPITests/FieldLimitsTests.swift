import Testing

@testable import OpenAPI

@Suite struct `Limits in comments` {
  @Test(arguments: [
    ("1 to 100; 10 when absent.", 1.0, 100.0, Int?.some(10)),
    ("0 (barely) to 1 (overwhelming).", 0, 1, nil),
    ("Cosine, -1 to 1.", -1, 1, nil),
    ("1 to 1,000 minutes, inclusive; titles of unknown runtime do not pass.", 1, 1000, nil),
  ])
  func `are the range and the default of a number`(
    comment: String,
    least: Double,
    most: Double,
    fallback: Int?
  ) {
    let limits = FieldLimits(comment, isText: false, isRepeated: false, isNumber: true)
    #expect(limits.number?.least == least)
    #expect(limits.number?.most == most)
    #expect(limits.fallback == fallback)
  }

  @Test(arguments: [
    ("1 to 2,000 Unicode scalars after trimming; no control characters.", 1, 2000),
    ("Up to 5,000 Unicode scalars; longer ones are refused.", 0, 5000),
    ("An id of the catalog: 1 to 256 Unicode scalars.", 1, 256),
  ])
  func `are the length of a text`(comment: String, least: Int, most: Int) {
    let limits = FieldLimits(comment, isText: true, isRepeated: false, isNumber: false)
    #expect(limits.length?.least == least)
    #expect(limits.length?.most == most)
    #expect(limits.items == nil)
  }

  @Test func `may bound a text from below only, or name what it may not hold`() {
    let id = FieldLimits(
      "The caller's own, not empty and unique.",
      isText: true,
      isRepeated: false,
      isNumber: false
    )
    #expect(id.length?.least == 1)
    #expect(id.length?.most == nil)
    #expect(id.pattern == nil)
    let mood = FieldLimits(
      "1 to 2,000 Unicode scalars after trimming; no control characters but tab and newline.",
      isText: true,
      isRepeated: false,
      isNumber: false
    )
    #expect(mood.pattern != nil)
  }

  @Test func `are how many texts there are, and how long each is`() {
    let limits = FieldLimits(
      "1 to 2,048 texts of 1 to 8,192 Unicode scalars, none blank. The provider reads 8,191 bytes.",
      isText: true,
      isRepeated: true,
      isNumber: false
    )
    #expect(limits.items?.most == 2048)
    #expect(limits.length?.least == 1)
    #expect(limits.length?.most == 8192)
  }

  @Test(arguments: [
    "", "8, strongest first, no name twice.", "One for each text, in the same order.",
    "1 to 3 lower-case English words, such as \"joy\".",
  ])
  func `are not seen where there are none`(comment: String) {
    let text = FieldLimits(comment, isText: true, isRepeated: false, isNumber: false)
    #expect(text.length == nil && text.items == nil && text.number == nil)
  }
}

@Suite struct `A comment` {
  @Test func `is one line, whose example is apart`() {
    let comment = Comment(" Titles that feel\n like a mood. And why.\n\n Example: {\"a\":\n 1}\n")
    #expect(comment.text == "Titles that feel like a mood. And why.")
    #expect(comment.summary == "Titles that feel like a mood")
    #expect(comment.example == "{\"a\": 1}")
  }

  @Test func `that is empty describes nothing`() {
    #expect(Comment(" \n").description == nil)
    #expect(Comment("").summary == "")
  }
}
