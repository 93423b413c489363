import Contracts
import Foundation
import HTTPMessage
import LocalModels
import Providers
import Safety
import ScriptedServer
import SwiftProtobuf
import Testing

@testable import EmotionService

/// Every text meets every answer of a model that obeys it: what is kept is the contract.
@Suite struct `A model that obeys what it should read` {
  private let texts: [String]
  private let local: LocalEmotionProvider
  private let phrases: CrisisPhrases

  init() throws {
    self.texts = try InjectionTexts.known()
    self.local = LocalEmotionProvider(try EmotionModel(try ModelResource.locate(override: nil)))
    self.phrases = try CrisisPhrases.shipped()
  }

  private static let prompt = "You read feelings for a film and series guide."

  private static func many(_ count: Int, name: (Int) -> String) -> String {
    (0..<count).map { #"{"name":\#(OpenAIReply.quoted(name($0))),"intensity":1}"# }
      .joined(separator: ",")
  }

  private static func mood(_ emotions: String, language: String = "en") -> String {
    #"{"emotions":[\#(emotions)],"language":\#(OpenAIReply.quoted(language)),"sureness":9e9,"#
      + #""admin":true,"prompt":\#(OpenAIReply.quoted(Self.prompt))}"#
  }

  @Test(arguments: [
    Self.mood(Self.many(100) { "joy" + String(repeating: "o", count: $0 % 30) }),
    Self.mood(
      Self.many(3) { _ in "<script>alert(1)</script>" } + #",{"name":"joy","intensity":1}"#
    ),
    Self.mood(Self.many(2) { _ in Self.prompt }),
    Self.mood(Self.many(1) { _ in "joy" }, language: Self.prompt),
    Self.mood(Self.many(1) { _ in "joy" }, language: "<b>en</b>"),
    Self.mood(#"{"name":"joy","intensity":NaN}"#), Self.mood(#"{"name":"joy","intensity":1e999}"#),
    Self.mood(#"{"name":"joy","intensity":-7,"html":"<b>"},{"name":"7 %","intensity":1}"#),
    Self.mood(""), Self.prompt, "<html><body>\(Self.prompt)</body></html>",
  ])
  func `a mood's answer stays within the contract`(content: String) async throws {
    #expect(self.texts.count >= 60)
    try await withServer({ _, _ in [.response(OpenAIReply.chat(content))] }) {
      (model) async throws in
      for text in self.texts {
        let server = try self.server(model)
        let answer = try await server.extractEmotions(
          .with { $0.mood = text },
          until: .after(.seconds(10))
        )
        #expect((1...8).contains(answer.emotions.count), "\(text)")
        #expect(answer.emotions.allSatisfy(Self.isPlain), "\(text): \(answer.emotions)")
        #expect((0...1).contains(answer.confidence))
        let told = try answer.jsonString()
        #expect(!told.contains("<") && !told.contains("feelings for"), "\(text): \(told)")
      }
      #expect(model.log.requests.count >= self.texts.count)
    }
  }

  @Test(arguments: [
    OpenAIReply.title("b"), OpenAIReply.title("4"), OpenAIReply.title("2", emotions: 3),
    Self.title("2", Self.many(100) { "joy" + String(repeating: "o", count: $0 % 30) }),
    Self.title("2", Self.many(8) { _ in "<b>pwned</b>" }),
    Self.title("2", Self.many(8) { _ in Self.prompt }),
    Self.title("2", Self.many(8) { _ in "joy" }, emojis: Self.prompt),
    Self.title("1", Self.many(8) { _ in "pwned" }), Self.title("a", Self.many(8) { _ in "pwned" }),
    Self.title("2", #"{"name":"joy","intensity":NaN}"#),
  ])
  func `a title's annotation stays within the contract, and its neighbours keep theirs`(
    obedient: String
  ) async throws {
    let alone = obedient.replacing(#""id":"2""#, with: #""id":"1""#)
    let all = [OpenAIReply.title("1"), obedient, OpenAIReply.title("3")]
    try await withServer({ request, _ in
      // The title with the text comes alone, or among its neighbours where it has no sign.
      let material = RequestBody.material(request, tag: "titles") as? [[String: Any]] ?? []
      let isNeighbours = !material.contains { $0["name"] as? String == "Name b" }
      let honest = material.indices.map { OpenAIReply.title("\($0 + 1)") }
      return [
        .response(OpenAIReply.titles(isNeighbours ? honest : material.count == 1 ? [alone] : all))
      ]
    }) { (model) async throws in
      for text in self.texts {
        let answer = try await self.server(model).annotateTitles(
          .with {
            $0.titles = ["a", "b", "c"].map { id in
              .with {
                $0.id = id
                $0.name = "Name \(id)"
                $0.description_p = id == "b" ? text : "Two friends travel to the sea."
              }
            }
          },
          until: .after(.seconds(10))
        )
        #expect(answer.annotations.map(\.id) == ["a", "b", "c"])
        for annotation in answer.annotations {
          #expect(!annotation.hasFailure)
          #expect(annotation.emotions.count == 8, "\(text)")
          #expect(annotation.emotions.allSatisfy(Self.isPlain), "\(text): \(annotation.emotions)")
          #expect(annotation.emotions.allSatisfy { $0.name != "pwned" })
          #expect((3...8).contains(annotation.emojis.count))
          if annotation.id != "b", annotation.usage.provider == "openai" {
            #expect(annotation.emotions.map(\.name) == Self.honest, "\(text)")
          }
        }
        let told = try answer.jsonString()
        #expect(!told.contains("<") && !told.contains("feelings for"), "\(text): \(told)")
      }
      #expect(model.log.requests.count >= self.texts.count)
    }
  }

  /// What `OpenAIReply.title` says.
  private static let honest = ["joy", "dread", "awe", "grief", "hope", "pride", "love", "calm"]

  private static func title(_ id: String, _ emotions: String, emojis: String = "🎸🎤🌙") -> String {
    #"{"id":"\#(id)","plot_emojis":[\#(OpenAIReply.quoted(emojis))],"#
      + #""watcher_emotions":[\#(emotions)],"also":["1","3"]}"#
  }

  /// A server of its own for each text, so that no failure before keeps the model from being asked.
  private func server(_ model: ScriptedServer) throws -> EmotionServer {
    let chain = ProviderChain(
      [try model.emotionProvider(), self.local],
      policy: `A chain of providers`.policy
    )
    return EmotionServer(chain: chain, phrases: self.phrases)
  }

  private static func isPlain(_ emotion: Netflixgpt_Answer_V1_Emotion) -> Bool {
    emotion.name.wholeMatch(of: /[a-z]+([ -][a-z]+){0,5}/) != nil && emotion.name.count <= 40
      && (0...1).contains(emotion.intensity)
  }
}
