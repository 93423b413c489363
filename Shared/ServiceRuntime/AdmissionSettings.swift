import Admission

/// Who may call a service, how often, and how much it takes on at once.
enum AdmissionSettings {
  static let keysFile = Setting<String?>.optional(
    "API_KEYS_FILE",
    "File with a line `NAME SHA256 SCOPES [RATE]` for each key; calls need one of them then."
  )
  static let jwksFile = Setting<String?>.optional(
    "JWT_JWKS_FILE",
    "File with the JSON Web Key Set of an issuer whose tokens are taken."
  )
  static let tokenSecret = Setting<String?>.secret(
    "JWT_SECRET",
    "Secret of 32 bytes or more by which tokens are signed (HS256)."
  )
  static let issuer = Setting<String?>.optional("JWT_ISSUER", "What `iss` of a token must be.")
  static let audience = Setting<String?>.optional(
    "JWT_AUDIENCE",
    "What must be in `aud` of a token; needed with JWT_JWKS_FILE, where * takes tokens for any."
  )
  static let clockSkew = Setting<Int>.integer(
    "JWT_CLOCK_SKEW_SECONDS",
    default: 60,
    in: 0...3600,
    "How far the clock of an issuer may be off."
  )
  static let rates = Setting<RatePolicies?>(
    "RATE_LIMIT",
    type: "rate",
    range: "CALLS/SECONDS or read=CALLS/SECONDS,write=CALLS/SECONDS",
    shown: "",
    "Calls of each caller: a key without a rate of its own, a token's subject, a certificate's name "
      + "or an address. A batch counts as its moods.",
    default: nil
  ) { RatePolicies($0).map(Optional.some) }
  static let mostRunning = Setting<Int>.integer(
    "MAX_CONCURRENCY",
    default: 200,
    in: 0...100_000,
    "Most calls at work at once that the adaptive limit may allow, 4 at least; 0 for no limit."
  )
  static let mostWaiting = Setting<Int>.integer(
    "MAX_QUEUE",
    default: 500,
    in: 0...100_000,
    "Calls that wait for their turn while the adaptive limit is reached."
  )
  static let mostPaused = Setting<Int>.integer(
    "MAX_MODEL_WAITS",
    default: 1000,
    in: 0...100_000,
    "Calls that wait for a model elsewhere, or for another call that does, and leave their turn to "
      + "others meanwhile; further ones keep it."
  )
  static let mostStreams = Setting<Int>.integer(
    "MAX_OPEN_STREAMS",
    default: 1000,
    in: 1...100_000,
    "Calls answered by a stream, such as Health/Watch, at once; the last tenth is for X-Priority "
      + "critical, and sheddable ones have half."
  )
  static let replaySeconds = Setting<Int>.integer(
    "IDEMPOTENCY_TTL_SECONDS",
    default: 86_400,
    in: 1...604_800,
    "How long the response of a call with an Idempotency-Key is given again."
  )
  static let crossOrigin = Setting<CrossOrigin?>(
    "CORS_ORIGINS",
    type: "origins",
    range: "* or http(s)://HOST[:PORT],…",
    shown: "",
    "Sites whose pages may call from a browser.",
    default: nil
  ) { CrossOrigin($0).map(Optional.some) }

  static let table = [
    Self.keysFile.about, Self.jwksFile.about, Self.tokenSecret.about, Self.issuer.about,
    Self.audience.about, Self.clockSkew.about, Self.rates.about, Self.mostRunning.about,
    Self.mostWaiting.about, Self.mostPaused.about, Self.mostStreams.about,
    Self.replaySeconds.about, Self.crossOrigin.about,
  ]

  static func configuration(_ values: SettingValues) -> AdmissionControl.Configuration {
    var configuration = AdmissionControl.Configuration()
    configuration.keysFile = values[Self.keysFile]
    configuration.jwksFile = values[Self.jwksFile]
    configuration.tokenSecret = values[Self.tokenSecret]
    configuration.issuer = values[Self.issuer]
    configuration.audience = values[Self.audience]
    configuration.clockSkew = .seconds(values[Self.clockSkew])
    configuration.rates = values[Self.rates]
    configuration.mostRunning = values[Self.mostRunning] == 0 ? nil : values[Self.mostRunning]
    configuration.mostWaiting = values[Self.mostWaiting]
    configuration.mostPaused = values[Self.mostPaused]
    configuration.mostStreams = values[Self.mostStreams]
    configuration.replayLifetime = .seconds(values[Self.replaySeconds])
    return configuration
  }
}
