import HTTPMessage
import Providers
import SeededRandom
import Testing

/// Damaged replies end as a reply or as a meaning, never in a trap.
@Suite struct `Damaged replies` {
  private func damaged(_ response: HTTPResponse, _ dice: inout SeededGenerator) -> HTTPResponse {
    var response = response
    let odd = Array(#"{}[]",:\0-9e+null"#.utf8)
    for _ in 0..<Int.random(in: 1...4, using: &dice) where !response.body.isEmpty {
      let place = Int.random(in: 0..<response.body.count, using: &dice)
      switch Int.random(in: 0..<4, using: &dice) {
      case 0: response.body[place] = UInt8.random(in: 0...255, using: &dice)
      case 1: response.body[place] = odd.randomElement(using: &dice) ?? 0
      case 2: response.body.removeSubrange(place...)
      default: response.body.insert(contentsOf: response.body[place...].prefix(40), at: place)
      }
    }
    response.status = [200, 200, 200, 400, 429, 503].randomElement(using: &dice) ?? 200
    return response
  }

  @Test(arguments: ChatVendor.all)
  func `of a language model are read or refused`(vendor: ChatVendor) throws {
    let api = vendor.api(try VendorEndpoint(baseURL: "http://h", key: nil))
    var dice = SeededGenerator(seed: 1)
    let samples =
      FailureRow.allCases.compactMap { vendor.failures[$0] } + [
        vendor.blocked, vendor.reply(#"{"emotions":[{"name":"joy","intensity":0.4}]}"#, false),
      ]
    for _ in 0..<60 {
      for sample in samples {
        do throws(ProviderError) {
          let reply = try api.reply(from: self.damaged(sample, &dice))
          #expect(reply.isCutOff || !reply.content.isEmpty)
          #expect(reply.inputTokens >= 0 && reply.outputTokens >= 0)
        } catch {
          #expect(error != .cancelled)
        }
      }
    }
  }

  @Test(arguments: EmbeddingVendorSample.all)
  func `of a model of embeddings are read or refused`(vendor: EmbeddingVendorSample) throws {
    let api = vendor.api(try VendorEndpoint(baseURL: "http://h", key: nil), nil)
    var dice = SeededGenerator(seed: 2)
    let samples =
      FailureRow.allCases.compactMap { vendor.failures[$0] } + [vendor.reply([[1, 0], [0, 1]])]
    for _ in 0..<60 {
      for sample in samples {
        do throws(ProviderError) {
          let reply = try api.reply(from: self.damaged(sample, &dice), count: 2)
          #expect(reply.inputTokens >= 0)
        } catch {
          #expect(error != .cancelled)
        }
      }
    }
  }
}
