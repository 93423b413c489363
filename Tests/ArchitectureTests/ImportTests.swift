import Foundation
import Testing

/// Which modules of ours each module may import, as the design has it.
private let allowed: [String: Set<String>] = [
  "HTTPMessage": [],
  "HTTP2": ["HTTPMessage", "CNghttp2"],
  "Certificates": ["HTTPMessage"],
  "HTTPServer": ["HTTPMessage", "HTTP2", "Certificates"],
  "HTTPClient": ["HTTPMessage", "HTTP2", "Certificates"],
  "CurlClient": ["HTTPMessage", "CCurl"],
  "JSONText": [],
  "Telemetry": ["HTTPMessage", "JSONText"],
  "RPC": ["HTTPMessage", "JSONText", "Telemetry", "CZlib"],
  "OpenAPI": ["JSONText"],
  "Channel": ["HTTPMessage", "RPC", "GRPCWire"],
  "Admission": ["HTTPMessage", "RPC"],
  "GRPCWire": ["HTTPMessage", "RPC"],
  "MilvusStore": ["HTTPMessage", "RPC", "GRPCWire", "CatalogStore"],
  "Contracts": ["RPC"],
  "Caching": [],
  "Providers": ["HTTPMessage", "RPC", "Telemetry"],
  "LocalModels": [],
  "CatalogStore": [],
  "CatalogCSV": [],
  "Safety": [],
  "ServiceRuntime": [
    "HTTPMessage", "HTTPServer", "HTTPClient", "CurlClient", "Certificates", "RPC", "JSONText",
    "Telemetry", "OpenAPI", "Contracts", "Channel", "Admission",
  ],
  "EmotionService": [
    "HTTPMessage", "CurlClient", "RPC", "Contracts", "Caching", "Providers", "LocalModels",
    "Safety", "ServiceRuntime",
  ],
  "EmbeddingService": [
    "HTTPMessage", "CurlClient", "RPC", "Contracts", "Caching", "Providers", "LocalModels",
    "ServiceRuntime",
  ],
  "RecommendationGateway": [
    "HTTPMessage", "HTTPClient", "Certificates", "RPC", "JSONText", "Channel", "Contracts",
    "Caching", "CatalogStore", "CatalogCSV", "MilvusStore", "Safety", "ServiceRuntime",
  ],
]

private let cModules: Set<String> = ["CNghttp2", "CCurl", "CZlib"]

/// A Swift file of the product: its module, its place in the repository and its lines.
private struct SourceFile: CustomTestStringConvertible {
  let module: String
  let path: String
  let lines: [String]

  var testDescription: String { self.path }

  var imports: [(access: String, module: String)] {
    self.lines.compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
        words[..<place].allSatisfy({ ["package", "public", "internal", "@testable"].contains($0) })
      else { return nil }
      return (words[..<place].joined(separator: " "), words[place + 1])
    }
  }

  static let all: [SourceFile] = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return ["Shared", "Services"].flatMap { top in
      let folder = root.appending(path: top)
      let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String }
      return (paths ?? []).filter { $0.hasSuffix(".swift") }.sorted().map { path in
        let text = (try? String(contentsOf: folder.appending(path: path), encoding: .utf8)) ?? ""
        return SourceFile(
          module: String(path.prefix { $0 != "/" }),
          path: "\(top)/\(path)",
          lines: text.components(separatedBy: "\n")
        )
      }
    }
  }()
}

@Suite struct `The architecture` {
  @Test func `every module of the design is there`() {
    #expect(Set(SourceFile.all.map(\.module)) == Set(allowed.keys))
  }

  @Test(arguments: SourceFile.all.map(\.path))
  func `a file imports only what its module may`(path: String) throws {
    let file = try #require(SourceFile.all.first { $0.path == path })
    let ours = Set(allowed.keys).union(cModules)
    for (access, module) in file.imports where ours.contains(module) {
      #expect(allowed[file.module]?.contains(module) == true, "\(path) imports \(module)")
      if cModules.contains(module) {
        #expect(access.isEmpty || access == "internal", "\(path) shows \(module) to others")
      }
    }
  }

  @Test(arguments: SourceFile.all.filter { !$0.path.hasSuffix(".pb.swift") }.map(\.path))
  func `no file traps or silences the compiler without a reason`(path: String) throws {
    let file = try #require(SourceFile.all.first { $0.path == path })
    for (number, line) in file.lines.enumerated() {
      let code = line.components(separatedBy: "//")[0]
      for trap in ["try!", "fatalError(", "preconditionFailure(", "TODO", "FIXME"] {
        #expect(!code.contains(trap), "\(path):\(number + 1) has \(trap)")
      }
      for silencer in ["@unchecked Sendable", "nonisolated(unsafe)", "@preconcurrency"]
      where code.contains(silencer) {
        let before = number > 0 ? file.lines[number - 1] : ""
        #expect(
          line.contains("//") || before.contains("//"),
          "\(path):\(number + 1) gives no reason for \(silencer)"
        )
      }
    }
  }

  /// Functions as such values crash once optimized by Swift 6.3.1: Shared/Guides/decisions/0020.
  @Test func `a task-local value is made by a type's initializer`() {
    let lines = SourceFile.all.flatMap(\.lines).filter { $0.contains("@TaskLocal") }
    #expect(!lines.isEmpty)
    for line in lines {
      #expect(line.contains(/static var [a-z]\w* = [A-Z]\w*( \{|\()/), "\(line)")
    }
  }

  @Test(arguments: SourceFile.all.filter { !$0.path.hasSuffix(".pb.swift") }.map(\.path))
  func `no file is longer than 500 lines`(path: String) throws {
    let file = try #require(SourceFile.all.first { $0.path == path })
    #expect(file.lines.count <= 501)
  }
}
