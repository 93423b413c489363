import Contracts
import Foundation
import RPC
import Testing

@testable import OpenAPI

@Suite struct `The OpenAPI document` {
  private static let recommend = RecommendationMethods.recommend.path

  private func document(
    methods: [String] = [recommend],
    pages: [String] = ["/livez", "/page.css"],
    schema: [UInt8] = Schema.fileDescriptorSet
  ) throws -> JSON {
    let document = OpenAPIDocument(
      title: "test",
      summary: "A test.",
      schema: schema,
      methods: methods,
      pages: pages
    )
    return JSON(try JSONSerialization.jsonObject(with: Data(document.text.utf8)))
  }

  @Test func `has the methods and the pages of the server, and no others`() throws {
    let paths = try self.document()["paths"]
    #expect(Set(paths.names) == [Self.recommend, "/livez"])
    #expect(Set(paths[Self.recommend].names) == ["post", "get"])
  }

  @Test func `says of answers that zeros stand in them`() throws {
    let text = try #require(try self.document()["info"]["description"].value as? String)
    #expect(text.contains("Scalars that are zero stand in the answers"))
  }

  @Test func `offers GET only where there are no side effects`() throws {
    let path = EmotionMethods.annotateTitles.path
    #expect(try self.document(methods: [path])["paths"][path].names == ["post"])
  }

  @Test func `tells in which forms a stream comes, and offers no GET of it`() throws {
    let path = HealthMethods.watch.path
    let method = try self.document(methods: [path])["paths"][path]
    #expect(method.names == ["post"])
    let forms: Set = ["application/connect+json", "application/connect+proto"]
    #expect(
      Set(method["post"]["requestBody"]["content"].names) == forms.union(["application/json"])
    )
    #expect(
      Set(method["post"]["responses"]["200"]["content"].names)
        == forms.union(["text/event-stream", "application/x-ndjson"])
    )
  }

  @Test func `describes what is part of a request and an answer, and nothing else`() throws {
    let names = try self.document()["components"]["schemas"].names
    #expect(names.contains("netflixgpt.recommendation.v1.RecommendRequest"))
    #expect(names.contains("netflixgpt.catalog.v1.TitleType"))
    #expect(names.contains("connect.Error"))
    #expect(!names.contains("netflixgpt.embedding.v1.EmbedRequest"))
  }

  @Test func `takes descriptions, ranges and examples from the comments`() throws {
    let document = try self.document()
    let request = document["components"]["schemas"]["netflixgpt.recommendation.v1.RecommendRequest"]
    let mood = request["properties"]["mood"]
    #expect(mood["maxLength"].value as? Int == 2000)
    #expect(mood["minLength"].value as? Int == 1)
    let limit = request["properties"]["limit"]
    #expect(limit["minimum"].value as? Int == 1)
    #expect(limit["maximum"].value as? Int == 100)
    #expect(limit["default"].value as? Int == 10)
    #expect((request["required"].value as? [String]) == ["mood"])
    let post = document["paths"][Self.recommend]["post"]
    let json = post["requestBody"]["content"]["application/json"]
    #expect((json["example"]["mood"].value as? String)?.isEmpty == false)
    #expect((post["summary"].value as? String)?.isEmpty == false)
  }

  @Test func `says nothing of methods that its schema does not have`() throws {
    #expect(try self.document(schema: [1, 2, 3])["paths"].names == ["/livez"])
  }

  @Test func `refers only to what it has`() throws {
    let document = try self.document(methods: [
      Self.recommend, RecommendationMethods.batchRecommend.path, EmbeddingMethods.embed.path,
      EmotionMethods.annotateTitles.path, CatalogMethods.getCatalogStatus.path,
      HealthMethods.check.path,
    ])
    let references = document.references
    #expect(references.count > 50)
    for reference in Set(references) {
      let found = reference.dropFirst(2).split(separator: "/").reduce(document) { $0[String($1)] }
      #expect(found.value is [String: Any], "\(reference)")
    }
  }
}

/// A JSON value to look around in.
private struct JSON {
  let value: Any?

  init(_ value: Any?) { self.value = value }

  subscript(name: String) -> JSON { JSON((self.value as? [String: Any])?[name]) }

  var names: [String] { ((self.value as? [String: Any]) ?? [:]).keys.sorted() }

  var references: [String] {
    if let members = self.value as? [String: Any] {
      return members.flatMap { name, value in
        name == "$ref" ? [value as? String ?? ""] : JSON(value).references
      }
    }
    return (self.value as? [Any])?.flatMap { JSON($0).references } ?? []
  }
}
