import JSONText

/// What a server answers, for people and tools that know OpenAPI 3.1.
///
/// Source: https://spec.openapis.org/oas/v3.1.1.html
package struct OpenAPIDocument: Sendable {
  /// JSON.
  package let text: String

  /// Describes methods and pages.
  ///
  /// - Parameters:
  ///   - title: The service's name.
  ///   - summary: What it does, in a sentence.
  ///   - schema: A serialised `FileDescriptorSet` with source information.
  ///   - methods: The paths of the methods there are; those the schema doesn't know are left out.
  ///   - pages: The paths of the pages there are; those of no use to a program are left out.
  package init(
    title: String,
    summary: String,
    schema: [UInt8],
    methods: [String],
    pages: [String]
  ) {
    let descriptors = Descriptors(schema: schema)
    let known = methods.compactMap { path in descriptors.methods[path].map { (path, $0) } }
    let schemas = MessageSchemas(of: known.map(\.1), descriptors)
    let services = Set(known.map(\.1.service)).sorted()
    let document: JSONValue = [
      "openapi": "3.1.0",
      "info": [
        "title": .string(title),
        "summary": .string(summary),
        "description": .string(Self.description),
        "version": "1.0.0",
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
      ],
      "servers": [["url": "/"]],
      "tags": .array(
        services.map { name in
          .members([
            "name": .string(name),
            "description": descriptors.services[name]?.description.map { .string($0) },
          ])
        } + [["name": "pages", "description": "What every server answers besides its methods."]]
      ),
      "paths": .members(
        known.map { path, method in
          (path, Operations(path: path, method: method, descriptors).json)
        } + Pages.json(pages)
      ),
      "components": [
        "schemas": .members([("connect.Error", Errors.schema)] + schemas.json),
        "responses": .members(Errors.responses),
        "parameters": .members(Parameters.json),
        "headers": .members(Parameters.responseHeaders),
      ],
    ]
    self.text = document.text
  }

  private static let description = """
    Methods speak the [Connect protocol](https://connectrpc.com/docs/protocol): POST a JSON object \
    to a method's path; `application/proto` takes protobuf's binary form. Methods without side \
    effects answer GET too. Names of fields may be written as in the `.proto` files. Scalars that \
    are zero stand in the answers; empty lists and unset messages do not. Fields that are not \
    known are ignored, or refused with `Prefer: handling=strict`. Requests and answers may be \
    compressed by gzip. `GET /schema.binpb` has the contracts as a `FileDescriptorSet`.
    """
}
