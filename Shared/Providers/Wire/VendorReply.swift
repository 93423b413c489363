import FoundationEssentials
import HTTPMessage

/// A vendor's reply, by what it means.
enum VendorReply {
  /// The body of a reply that succeeded.
  ///
  /// Some gateways answer 200 with an error in the body, so a body counts only without one.
  static func body<Body: Decodable>(
    of response: HTTPResponse,
    as type: Body.Type
  ) throws(ProviderError) -> Body {
    guard response.status == 200 else { throw FailureSigns(response).meaning }
    let data = Data(response.body)
    if let reply = try? JSONDecoder().decode(Reply<Body>.self, from: data), !reply.isError {
      return reply.body
    }
    let signs = FailureSigns(response)
    throw signs.isError ? signs.meaning : .malformedReply
  }

  private struct Reply<Body: Decodable>: Decodable {
    let body: Body
    let isError: Bool

    private enum Key: String, CodingKey { case error }

    init(from decoder: any Decoder) throws {
      self.body = try Body(from: decoder)
      let members = try? decoder.container(keyedBy: Key.self)
      self.isError =
        members.map { $0.contains(.error) && (try? $0.decodeNil(forKey: .error)) != true } ?? false
    }
  }
}
