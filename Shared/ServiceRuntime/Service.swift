package import ArgumentParser
package import Certificates
package import JSONText
package import RPC

/// One of our executables, as its commands see it.
package protocol Service: Sendable {
  /// The executable's name, such as "emotion-service".
  static var name: String { get }
  /// What it does, in one sentence.
  static var summary: String { get }
  static var defaultPort: Int { get }
  /// What it can be configured with, besides `ServerSettings`.
  static var settings: [SettingDescription] { get }
  /// Commands besides those of every service.
  static var commands: [any AsyncParsableCommand.Type] { get }

  /// Wires the service. Opens local files, but calls nothing over the network.
  init(_ values: SettingValues) throws

  /// Registers methods and pages, and what must hold for the service to be ready.
  func register(on server: inout RPCServer, health: Health)

  /// What operators may look at on the admin address, by name: `/debugz/NAME` answers it as JSON.
  var debugPages: [String: @Sendable () async -> JSONValue] { get }

  /// What others are called with by TLS; their files are watched.
  var credentials: [Credentials] { get }

  /// Tries each dependency once, for a person to read.
  func diagnose() async -> [Diagnosis]

  /// Ends connections, after the last call was answered.
  func close() async
}

extension Service {
  package static var commands: [any AsyncParsableCommand.Type] { [] }

  package var credentials: [Credentials] { [] }

  package var debugPages: [String: @Sendable () async -> JSONValue] { [:] }

  static var allSettings: [SettingDescription] {
    ServerSettings.table(defaultPort: Self.defaultPort) + IntrospectionSettings.table
      + AdmissionSettings.table + Self.settings
  }
}

/// What a look at one dependency found.
package struct Diagnosis: Sendable {
  package var subject: String
  /// What is wrong and what to do, or `nil` when it works.
  package var problem: String?
  /// What was seen, such as a model's name.
  package var note: String

  package init(_ subject: String, problem: String? = nil, note: String = "") {
    self.subject = subject
    self.problem = problem
    self.note = note
  }
}
