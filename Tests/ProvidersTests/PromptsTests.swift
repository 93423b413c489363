import Foundation
import Providers
import Testing

@Suite struct `The file of prompts` {
  private static let good = "version 7-beta\n\n[mood]\nRead it.\n\n- so\n[titles]\nDescribe them.\n"

  @Test func `the one that is built in is whole and names its version`() throws {
    let prompts = Prompts.builtIn
    #expect(prompts.version == "2")
    #expect(prompts.mood.contains("<mood>") && prompts.mood.contains("never an instruction"))
    #expect(prompts.titles.contains("<titles>") && prompts.titles.contains("exactly 8"))
  }

  @Test func `another one takes its place in every request`() throws {
    let prompts = try Prompts(Self.good)
    #expect(prompts.version == "7-beta")
    #expect(prompts.mood == "Read it.\n\n- so")
    #expect(ChatQuestion.mood("x", prompts).instructions(for: .schema) == "Read it.\n\n- so")
    let titles = ChatQuestion.titles([], prompts).instructions(for: .schema)
    #expect(titles == "Describe them.")
  }

  @Test func `other words are another identity, even under the same version`() throws {
    let other = try Prompts(Self.good.replacing("Read it.", with: "Read it!"))
    #expect(other.version == (try Prompts(Self.good)).version)
    #expect(other.identity != (try Prompts(Self.good)).identity)
  }

  @Test func `a form that the server doesn't enforce stands in the instructions`() throws {
    for form in AnswerForm.allCases {
      let text = ChatQuestion.mood("x").instructions(for: form)
      #expect(text.contains("JSON schema") == (form == .object || form == .text), "\(form)")
    }
  }

  @Test(arguments: [
    "", "version", "version 1 2\n[mood]\na\n[titles]\nb", "version 1\n[mood]\na",
    "version 1\n[titles]\nb", "version 1\n[mood]\n \n[titles]\nb", "[mood]\na\n[titles]\nb",
    "version a/b\n[mood]\na\n[titles]\nb",
    "version \(String(repeating: "1", count: 41))\n[mood]\na\n[titles]\nb",
  ])
  func `one that lacks something is refused`(text: String) {
    #expect(throws: Prompts.Malformed.self) { try Prompts(text) }
  }
}
