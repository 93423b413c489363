package import HTTPMessage

/// The models that a vendor says it has.
package enum ModelList {
  /// Reads a reply to a request for the models, in any vendor's form.
  ///
  /// - Returns: The names as a request takes them; empty where the reply lists none.
  package static func names(in response: HTTPResponse) -> [String] {
    guard response.status == 200, let body = JSONValue(response.body) else { return [] }
    let list = body["data"]?.array ?? body["models"]?.array ?? body.array ?? []
    return list.compactMap { entry in
      let name = entry["id"]?.string ?? entry["name"]?.string
      return name.map { String($0.hasPrefix("models/") ? $0.dropFirst(7) : $0[...]) }
    }
  }
}
