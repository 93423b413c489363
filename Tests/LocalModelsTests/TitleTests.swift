import Testing

@testable import LocalModels

@Suite struct `A title's tags` {
  private static let plot = "A widowed lighthouse keeper and her son hide from ghosts in a storm."

  @Test(arguments: [
    ("", "", []), ("Nameless", "", []), ("", plot, ["horror"]), ("Storm", plot, []),
    ("", "", ["comedy"]),
    ("and help", "hope", []), ("my my", "amusement", []),
    ("?", "!", ["no such genre", ""]), ("悲しい", "怖い", ["drama"]),
    ("😀", "😀 😀", ["HORROR", "horror", "western"]),
    ("Long", String(repeating: plot + " ", count: 2_000), ["thriller"]),
  ])
  func `are eight emotions and three to eight emojis`(
    title: String,
    description: String,
    genres: [String]
  ) throws {
    let model = try Loaded.emotions
    let tags = model.tags(title: title, description: description, genres: genres)
    #expect(tags.emotions.count == 8)
    #expect(Set(tags.emotions.map(\.name)).count == 8)
    #expect(tags.emotions.allSatisfy { (0.0...1.0).contains($0.intensity) })
    #expect(
      zip(tags.emotions, tags.emotions.dropFirst()).allSatisfy { $0.intensity >= $1.intensity }
    )
    #expect((3...8).contains(tags.emojis.count))
    #expect(Set(tags.emojis).count == tags.emojis.count)
    let again = model.tags(title: title, description: description, genres: genres)
    #expect(again.emotions == tags.emotions)
    #expect(again.emojis == tags.emojis)
  }

  @Test(arguments: [
    ("horror", "fear"), ("comedy", "amusement"), ("romance", "love"), ("sport", "courage"),
    ("thriller", "suspense"), ("documentation", "curiosity"),
  ])
  func `follow the genre`(genre: String, family: String) throws {
    let model = try Loaded.emotions
    let tags = model.tags(title: "Untitled", description: "A story.", genres: [genre])
    #expect(tags.emotions.prefix(3).contains { model.family(of: $0.name) == family })
  }

  @Test func `follow the plot where no genre is known`() throws {
    let model = try Loaded.emotions
    let plot = "A masked killer terrorizes teenagers in an abandoned asylum full of bloody secrets."
    let tags = model.tags(title: "Ward Nine", description: plot, genres: [])
    let families = tags.emotions.prefix(4).compactMap { model.family(of: $0.name) }
    #expect(!Set(families).isDisjoint(with: ["fear", "suspense", "dark"]))
  }

  @Test(arguments: [
    (["documentation"], "Whales and penguins share the ocean's wildlife.", "awe"),
    (["documentation", "crime"], "A murder case is opened again.", "shock"),
    (["drama"], "She grieves at her late husband's funeral.", "grief"),
    (["comedy"], "The comedian takes the stage with new jokes.", "entertainment"),
    (["drama", "crime"], "He swears vengeance and payback.", "vengeance"),
  ])
  func `follow the kind of title that genres and plot tell`(
    genres: [String],
    plot: String,
    tag: String
  ) throws {
    let tags = try Loaded.emotions.tags(title: "Untitled", description: plot, genres: genres)
    #expect(tags.emotions.map(\.name).contains(tag))
  }

  @Test func `show things of the plot`() throws {
    let tags = try Loaded.emotions.tags(
      title: "The Wolf",
      description: "A wolf crosses the desert by train.",
      genres: []
    )
    #expect(tags.emojis.contains("🐺"))
  }
}
