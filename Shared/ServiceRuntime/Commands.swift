import Admission
package import ArgumentParser
import RPC

#if canImport(Glibc)
import Glibc
#endif

/// The command line of a service: `serve` unless another command is named.
package struct ServiceCommand<S: Service>: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: S.name,
      abstract: S.summary,
      discussion: "Configured by the environment:\n" + helpTable(S.allSettings),
      subcommands: [
        Serve<S>.self, CheckConfig<S>.self, Doctor<S>.self, Healthcheck<S>.self,
      ] + S.commands,
      defaultSubcommand: Serve<S>.self
    )
  }

  package init() {}
}

/// Reads the configuration, or ends the process with every problem and status 78 (`EX_CONFIG`).
package func configuration<S: Service>(of service: S.Type) throws -> SettingValues {
  do {
    return try SettingValues(S.allSettings, environment: environment())
  } catch {
    complain("\(S.name): the configuration has problems:\n\(error)")
    throw ExitCode(EX_CONFIG)
  }
}

/// Wires the service, or ends the process with what is wrong and status 78 (`EX_CONFIG`).
package func wired<S: Service>(_ service: S.Type, _ values: SettingValues) throws -> S {
  do {
    return try S(values)
  } catch {
    complain("\(S.name): \(error)")
    throw ExitCode(EX_CONFIG)
  }
}

/// Reads what the server and the service need, or ends the process with every problem of both and
/// status 78 (`EX_CONFIG`).
func assembled<S: Service>(
  _ service: S.Type,
  _ values: SettingValues
) throws -> (server: ServerSettings, service: S) {
  let server = Result { try ServerSettings(values, defaultPort: S.defaultPort) }
  let service = Result { try S(values) }
  if case .success(let server) = server, case .success(let service) = service {
    return (server, service)
  }
  for case .failure(let error) in [server.map { _ in }, service.map { _ in }] {
    complain("\(S.name): \(error)")
  }
  throw ExitCode(EX_CONFIG)
}

/// Reads who may call, or ends the process with what is wrong and status 78 (`EX_CONFIG`).
func admission<S: Service>(
  _ service: S.Type,
  _ values: SettingValues,
  report: @escaping @Sendable (String) -> Void = { _ in }
) async throws -> AdmissionControl {
  do {
    return try await AdmissionControl(AdmissionSettings.configuration(values), report: report)
  } catch {
    complain("\(S.name): \(error)")
    throw ExitCode(EX_CONFIG)
  }
}

struct CheckConfig<S: Service>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "check-config",
      abstract: "Check the configuration and show it, without secrets."
    )
  }

  @Flag(help: "Print what can be set as a Markdown table instead.")
  var markdown = false

  func run() async throws {
    if self.markdown {
      print(markdownTable(S.allSettings))
      return
    }
    let values = try ServiceRuntime.configuration(of: S.self)
    _ = try assembled(S.self, values)
    _ = try await admission(S.self, values)
    for setting in S.allSettings { print("\(setting.key)=\(values.shown(setting))") }
  }
}

struct Doctor<S: Service>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "doctor",
      abstract: "Call each dependency once and say what is wrong."
    )
  }

  func run() async throws {
    let values = try ServiceRuntime.configuration(of: S.self)
    let service = try wired(S.self, values)
    let diagnoses = await service.diagnose()
    await service.close()
    for diagnosis in diagnoses {
      let mark = diagnosis.problem == nil ? "ok  " : "FAIL"
      let text = [diagnosis.note, diagnosis.problem ?? ""].filter { !$0.isEmpty }
      print("\(mark) \(diagnosis.subject): \(text.joined(separator: "; "))")
    }
    guard diagnoses.allSatisfy({ $0.problem == nil }) else { throw ExitCode(EX_UNAVAILABLE) }
  }
}

/// Writes to standard error, for people; log entries go through the logger.
package func complain(_ text: String, terminator: String = "\n") {
  var line = text + terminator
  line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

func environment() -> [String: String] {
  var variables: [String: String] = [:]
  var entry = environ
  while let text = entry.pointee {
    let pair = String(cString: text)
    if let equals = pair.firstIndex(of: "=") {
      variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
    }
    entry += 1
  }
  return variables
}

func helpTable(_ settings: [SettingDescription]) -> String {
  settings.map { setting in
    let facts = [
      setting.type, setting.range.isEmpty ? "" : "allowed: \(setting.range)",
      setting.shown.isEmpty ? "no default" : "default: \(setting.shown)",
      setting.isSecret ? "or \(setting.key)_FILE" : "",
    ]
    return "  \(setting.key)  \(setting.summary)\n    "
      + facts.filter { !$0.isEmpty }.joined(separator: "; ")
  }.joined(separator: "\n")
}

func markdownTable(_ settings: [SettingDescription]) -> String {
  let rows = settings.map { setting in
    let key = setting.isSecret ? "`\(setting.key)` or `\(setting.key)_FILE`" : "`\(setting.key)`"
    let shown = setting.shown.isEmpty ? "" : "`\(setting.shown)`"
    return "| \(key) | \(setting.type) | \(shown) | \(setting.range) | \(setting.summary) |"
  }
  return
    (["| variable | type | default | allowed | what it does |", "|---|---|---|---|---|"] + rows)
    .joined(separator: "\n")
}
