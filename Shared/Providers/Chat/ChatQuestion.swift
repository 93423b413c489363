import FoundationEssentials

/// What any vendor's language model is asked: instructions, material, and the form of the answer.
package struct ChatQuestion: Sendable {
  /// Of the schema, letters and underscores.
  package var name: String
  /// The block with the text from outside.
  package var material: String
  package var schema: JSONSchema
  /// Of the answer.
  package var maxTokens: Int
  /// Whether the form stands in the instructions even where the server enforces it: for the second
  /// try after an answer that kept to none.
  var isSpelledOut = false
  private let prompt: String

  private init(
    name: String,
    prompt: String,
    material: String,
    schema: JSONSchema,
    maxTokens: Int
  ) {
    self.name = name
    self.prompt = prompt
    self.material = material
    self.schema = schema
    self.maxTokens = maxTokens
  }

  /// What the model is told, which says the form of the answer where `form` doesn't carry it.
  package func instructions(for form: AnswerForm) -> String {
    guard self.isSpelledOut || !form.carriesSchema else { return self.prompt }
    let schema = String(decoding: self.schema.json.bytes, as: UTF8.self)
    return """
      \(self.prompt)

      Answer with one JSON object and nothing around it, not even a fence. It must match this JSON \
      schema:
      \(schema)
      """
  }

  private static let emotionList: JSONSchema = .object([
    "intensity": .number("0 (barely there) to 1 (overwhelming)"),
    "name": .string("one or two lower-case English words"),
  ])

  /// Asks for the emotions in `mood`; `MoodReply` reads the answer.
  package static func mood(_ mood: String, _ prompts: Prompts = .builtIn) -> ChatQuestion {
    ChatQuestion(
      name: "mood",
      prompt: prompts.mood,
      material: Prompts.block("mood", holding: mood),
      schema: .object([
        "crisis": .boolean("the writer speaks of wanting to die or of hurting themselves"),
        "emotions": .array(of: Self.emotionList, "1 to 8 emotions, strongest first"),
        "language": .string("BCP 47 tag of the text, or und"),
        "sureness": .number("0 to 1"),
      ]),
      maxTokens: 500
    )
  }

  /// Asks for the annotations of `titles`; `TitlesReply` reads the answer.
  ///
  /// The model sees the titles' places in the list as their ids: short, and nothing of the caller's.
  package static func titles(
    _ titles: [TitleText],
    _ prompts: Prompts = .builtIn
  ) -> ChatQuestion {
    let material = titles.enumerated().map { index, title in
      TitleMaterial(
        description: title.description,
        genres: title.genres,
        id: String(index + 1),
        name: title.name
      )
    }
    // Models write the properties in the order of the schema, which is alphabetical: the id first.
    let annotation: JSONSchema = .object([
      "id": .string("as given"),
      "plot_emojis": .array(of: .string("one emoji"), "3 to 8 emojis"),
      "watcher_emotions": .array(of: Self.emotionList, "exactly 8 emotions, strongest first"),
    ])
    return ChatQuestion(
      name: "titles",
      prompt: prompts.titles,
      material: Prompts.block("titles", holding: material),
      schema: .object(["titles": .array(of: annotation, "one for each title given")]),
      maxTokens: 200 + 300 * titles.count
    )
  }

  private struct TitleMaterial: Encodable {
    var description: String
    var genres: [String]
    var id: String
    var name: String
  }
}
