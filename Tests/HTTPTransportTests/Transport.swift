import Testing

/// Everything here, one test at a time: most fill both of a small machine's cores, and some wait for
/// time limits that a starved server would overstep.
@Suite(.serialized)
struct Transport {}
