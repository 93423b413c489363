// swift-tools-version: 6.2
import PackageDescription

let nio = "swift-nio"
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  // Until the compiler keeps what is written before an `await`: Shared/Guides/decisions/0020.
  .unsafeFlags(["-Xllvm", "-dse-memoryssa-walklimit=0"]),
]

/// A module of ours, under Shared so that the top level stays as agreed.
func module(
  _ name: String,
  uses: [Target.Dependency] = [],
  exclude: [String] = [],
  resources: [Resource] = [],
  optimized: Bool = false
) -> Target {
  .target(
    name: name,
    dependencies: uses,
    path: "Shared/\(name)",
    exclude: exclude,
    resources: resources,
    swiftSettings: settings
      + (optimized ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : [])
  )
}

func service(_ name: String, uses: [Target.Dependency], resources: [Resource] = []) -> Target {
  .executableTarget(
    name: name,
    dependencies: uses,
    path: "Services/\(name)",
    resources: resources,
    swiftSettings: settings
  )
}

func tests(
  _ name: String,
  of uses: [Target.Dependency],
  exclude: [String] = [],
  resources: [Resource] = []
) -> Target {
  .testTarget(
    name: name,
    dependencies: uses,
    path: "Tests/\(name)",
    exclude: exclude,
    resources: resources,
    swiftSettings: settings
  )
}

let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(
  name: "ArgumentParser",
  package: "swift-argument-parser"
)
let nioCore: Target.Dependency = .product(name: "NIOCore", package: nio)
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: nio)
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: nio)
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: nio)
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let jwt: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")

let package = Package(
  name: "NetflixGPT",
  products: [
    .executable(name: "emotion-service", targets: ["EmotionService"]),
    .executable(name: "embedding-service", targets: ["EmbeddingService"]),
    .executable(name: "recommendation-gateway", targets: ["RecommendationGateway"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
  ],
  targets: [
    .systemLibrary(name: "CNghttp2", path: "Shared/CNghttp2", pkgConfig: "libnghttp2"),
    .systemLibrary(name: "CCurl", path: "Shared/CCurl", pkgConfig: "libcurl"),
    .systemLibrary(name: "CZlib", path: "Shared/CZlib", pkgConfig: "zlib"),
    module("HTTPMessage"),
    module("HTTP2", uses: ["HTTPMessage", "CNghttp2"]),
    module("Certificates", uses: ["HTTPMessage", nioCore, nioSSL, crypto, x509, asn1]),
    module(
      "HTTPServer",
      uses: ["HTTPMessage", "HTTP2", "Certificates", nioCore, nioPosix, nioHTTP1, nioSSL, nioTLS]
    ),
    module(
      "HTTPClient",
      uses: ["HTTPMessage", "HTTP2", "Certificates", nioCore, nioPosix, nioSSL, nioTLS]
    ),
    module("CurlClient", uses: ["HTTPMessage", "CCurl"]),
    module("JSONText"),
    module("Telemetry", uses: ["HTTPMessage", "JSONText", logging, metrics]),
    module("RPC", uses: ["HTTPMessage", "JSONText", "Telemetry", "CZlib", metrics, protobuf]),
    module("OpenAPI", uses: ["JSONText", protobuf]),
    module("Channel", uses: ["HTTPMessage", "RPC", "GRPCWire", metrics]),
    module("Admission", uses: ["HTTPMessage", "RPC", crypto, jwt, metrics]),
    module("GRPCWire", uses: ["HTTPMessage", "RPC", protobuf]),
    module(
      "MilvusStore",
      uses: ["HTTPMessage", "RPC", "GRPCWire", "CatalogStore", protobuf, metrics],
      exclude: ["proto", "generate"]
    ),
    module(
      "Contracts",
      uses: ["RPC", protobuf],
      exclude: ["proto", "generate"],
      resources: [.embedInCode("Resources/schema.binpb")]
    ),
    module("Caching", uses: [crypto, metrics]),
    module(
      "Providers",
      uses: ["HTTPMessage", "RPC", "Telemetry", crypto, metrics],
      resources: [
        .embedInCode("Resources/prompts.txt"), .embedInCode("Resources/prices.json"),
      ]
    ),
    module(
      "LocalModels",
      exclude: ["Training", "README.md"],
      resources: [.copy("Resources/affect.model")],
      optimized: true
    ),
    module("CatalogCSV"),
    module(
      "Safety",
      resources: [
        .embedInCode("Resources/phrases.txt"), .embedInCode("Resources/resources.json"),
      ]
    ),
    module(
      "CatalogStore",
      uses: [.product(name: "GRDB", package: "GRDB.swift")],
      optimized: true
    ),
    module(
      "ServiceRuntime",
      uses: [
        "HTTPMessage", "HTTPServer", "HTTPClient", "CurlClient", "Certificates", "RPC", "JSONText",
        "Telemetry", "OpenAPI", "Contracts", "Channel", "Admission", logging, metrics,
        arguments, nioCore, nioPosix,
      ]
    ),
    service(
      "EmotionService",
      uses: [
        "HTTPMessage", "CurlClient", "RPC", "Contracts", "Caching", "Providers", "LocalModels",
        "Safety", "ServiceRuntime", arguments, protobuf,
      ]
    ),
    service(
      "EmbeddingService",
      uses: [
        "HTTPMessage", "CurlClient", "RPC", "Contracts", "Caching", "Providers", "LocalModels",
        "ServiceRuntime", arguments, protobuf,
      ]
    ),
    service(
      "RecommendationGateway",
      uses: [
        "HTTPMessage", "HTTPClient", "Certificates", "RPC", "JSONText", "Channel", "Contracts",
        "Caching", "CatalogCSV", "CatalogStore", "MilvusStore", "Safety", "ServiceRuntime",
        arguments,
        protobuf,
      ],
      resources: [
        .copy("Resources/starter_catalog.csv"),
        .embedInCode("Resources/page/index.html"),
        .embedInCode("Resources/page/page.css"),
        .embedInCode("Resources/page/page.js"),
      ]
    ),
    tests(
      "HTTPTransportTests",
      of: [
        "HTTPMessage", "HTTP2", "HTTPServer", "HTTPClient", "Certificates", nioCore, nioPosix,
      ]
    ),
    .target(
      name: "ScriptedServer",
      dependencies: ["HTTPMessage"],
      path: "Tests/ScriptedServer",
      swiftSettings: settings
    ),
    .target(name: "SeededRandom", path: "Tests/SeededRandom", swiftSettings: settings),
    tests("CurlClientTests", of: ["HTTPMessage", "CurlClient", "ScriptedServer"]),
    tests(
      "RPCTests",
      of: [
        "HTTPMessage", "HTTPServer", "HTTPClient", "CurlClient", "RPC", "Contracts", "SeededRandom",
        protobuf,
      ]
    ),
    tests(
      "ChannelTests",
      of: [
        "HTTPMessage", "HTTPServer", "HTTPClient", "RPC", "Contracts", "Channel", protobuf,
        metrics, .product(name: "MetricsTestKit", package: "swift-metrics"),
      ]
    ),
    tests(
      "ProvidersTests",
      of: [
        "HTTPMessage", "CurlClient", "RPC", "Contracts", "Caching", "Providers", "EmotionService",
        "EmbeddingService", "LocalModels", "Safety", "CatalogCSV", "ScriptedServer", "SeededRandom",
        protobuf,
      ],
      exclude: ["Injections"]
    ),
    tests(
      "AdmissionTests",
      of: ["HTTPMessage", "RPC", "Contracts", "Admission", crypto, jwt, protobuf]
    ),
    tests(
      "TelemetryTests",
      of: [
        "HTTPMessage", "JSONText", "Telemetry", "RPC", "Contracts", "ScriptedServer", "CurlClient",
        logging, metrics, protobuf,
      ]
    ),
    tests("OpenAPITests", of: ["OpenAPI", "JSONText", "Contracts", protobuf]),
    tests(
      "CatalogStoreTests",
      of: [
        "CatalogStore", "GRPCWire", "HTTPClient", "HTTPMessage", "MilvusStore", "RPC",
        "SeededRandom", protobuf,
      ]
    ),
    tests("GRPCWireTests", of: ["GRPCWire", "HTTPMessage", "RPC", protobuf]),
    tests(
      "MilvusStoreTests",
      of: ["CatalogStore", "GRPCWire", "HTTPMessage", "MilvusStore", protobuf]
    ),
    tests("CatalogCSVTests", of: ["CatalogCSV", "SeededRandom"]),
    tests(
      "ServiceTests",
      of: [
        "HTTPMessage", "RPC", "Contracts", "Caching", "CatalogStore", "CatalogCSV", "Channel",
        "MilvusStore", "Safety", "ServiceRuntime", "RecommendationGateway", protobuf,
      ]
    ),
    tests(
      "LocalModelsTests",
      of: ["LocalModels", "SeededRandom"],
      exclude: ["Moods"],
      resources: [.copy("Fixtures")]
    ),
    tests("SafetyTests", of: ["Safety"], exclude: ["Texts"]),
    tests("ArchitectureTests", of: []),
    .executableTarget(
      name: "call-cost",
      dependencies: [
        "HTTPMessage", "RPC", "Telemetry", "Contracts", "Channel", "Admission", metrics, protobuf,
      ],
      path: "Tests/Benchmarks/CallCost",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "one-hop",
      dependencies: [
        "HTTPServer", "HTTPClient", "RPC", "Contracts", protobuf, nioPosix,
      ],
      path: "Tests/Benchmarks/OneHop",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "catalog-cost",
      dependencies: ["CatalogStore", "HTTPClient", "MilvusStore", "SeededRandom", arguments],
      path: "Tests/Benchmarks/CatalogCost",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "resilience-peer",
      dependencies: [
        "HTTPMessage", "HTTPServer", "HTTPClient", "RPC", "Contracts", "Channel", protobuf,
        arguments, nioPosix,
      ],
      path: "Tests/Resilience/Peer",
      swiftSettings: settings
    ),
    .target(
      name: "ConformanceMessages",
      dependencies: ["HTTPMessage", "RPC", protobuf],
      path: "Tests/Conformance/Messages",
      resources: [.embedInCode("Generated/schema.binpb")],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "provider-cost",
      dependencies: ["CurlClient", "HTTPMessage", "Providers"],
      path: "Tests/Benchmarks/ProviderCost",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "conformance-server",
      dependencies: [
        "Certificates", "ConformanceMessages", "HTTPMessage", "HTTPServer", "RPC", protobuf,
      ],
      path: "Tests/Conformance/Server",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "overload",
      dependencies: [
        "HTTPMessage", "HTTPServer", "HTTPClient", "RPC", "Contracts", "Admission", arguments,
        protobuf,
      ],
      path: "Tests/Resilience/Overload",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "conformance-client",
      dependencies: [
        "Certificates", "ConformanceMessages", "HTTPMessage", "HTTPClient", "CurlClient", "RPC",
        protobuf, nioPosix,
      ],
      path: "Tests/Conformance/Client",
      swiftSettings: settings
    ),
  ],
  swiftLanguageModes: [.v6]
)
