/// What the metrics of the services tell, by name, in one line without backslashes.
package enum MetricHelp {
  package static let texts: [String: String] = [
    "cache_coalesced_total": "Look-ups that waited for another call to compute the same value.",
    "cache_evictions_total": "Entries given up for newer ones.",
    "cache_hits_total": "Look-ups that found a value.",
    "cache_misses_total": "Look-ups that found none.",
    "gen_ai_client_operation_duration_seconds":
      "Calls to providers of language models and embeddings.",
    "gen_ai_client_token_usage": "Tokens of a call, as its provider counted them.",
    "http_server_request_duration_seconds": "Requests for pages, by path.",
    "log_lines_dropped_total": "Lines of the access log that nobody took in time.",
    "process_cpu_seconds_total": "Processor time used, in user and system mode.",
    "process_max_fds": "Files that may be open.",
    "process_open_fds": "Files that are open.",
    "process_resident_memory_bytes": "Memory in use.",
    "process_start_time_seconds": "When the process started, in seconds since 1970.",
    "process_threads": "Threads of the process.",
    "process_virtual_memory_bytes": "Memory mapped.",
    "rpc_client_call_duration_seconds": "Calls to other services, with all their attempts.",
    "rpc_server_active_calls": "Calls being answered.",
    "rpc_server_call_duration_seconds": "From a request's arrival, whole, to its response, whole.",
    "rpc_server_calls_started_total": "Calls that arrived.",
    "rpc_server_rejected_total": "Requests refused before their method was asked, by reason.",
    "rpc_server_request_size_bytes": "Bodies of requests, as on the wire.",
    "rpc_server_response_size_bytes": "Bodies of responses, as on the wire.",
    "trace_spans_dropped_total": "Spans that did not reach the collector, by reason.",
    "trace_spans_exported_total": "Spans that the collector took.",
  ]
}
