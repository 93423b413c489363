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
    "log_lines_dropped_total": "Log lines that nobody took in time.",
    "milvus_call_duration_seconds": "Calls to Milvus.",
    "milvus_call_retries_total": "Calls to Milvus that were repeated.",
    "process_cpu_seconds_total": "Processor time used, in user and system mode.",
    "process_max_fds": "Files that may be open.",
    "process_open_fds": "Files that are open.",
    "process_resident_memory_bytes": "Memory in use.",
    "process_start_time_seconds": "When the process started, in seconds since 1970.",
    "process_threads": "Threads of the process.",
    "process_virtual_memory_bytes": "Memory mapped.",
    "provider_answer_form": "1 for the form that a model is held to in its answers.",
    "provider_attempts_total": "Requests to providers.",
    "provider_budget_remaining_usd": "USD that a provider may still cost today.",
    "provider_fallbacks_total": "Answers by another provider than the first.",
    "provider_tokens_total":
      "Tokens as providers counted them, of failed calls too, without batches.",
    "provider_usd_total":
      "USD that calls cost, at most where they broke or timed out, without batches.",
    "rpc_client_attempt_duration_seconds": "Single attempts of calls to other services.",
    "rpc_client_attempts_started_total": "Attempts begun, the first of each call included.",
    "rpc_client_call_duration_seconds": "Calls to other services, with all their attempts.",
    "rpc_client_call_hedges_total": "Attempts begun beside one that had not answered yet.",
    "rpc_client_call_retries_total": "Attempts after one that failed.",
    "rpc_client_call_retry_delay_seconds": "Time that calls waited between their attempts.",
    "rpc_client_call_transparent_retries_total":
      "Attempts after one that certainly reached no method.",
    "rpc_client_ejections_total": "Endpoints set aside for failing.",
    "rpc_client_endpoint_ewma_seconds": "Recent response time of an endpoint.",
    "rpc_client_endpoint_inflight": "Calls under way at an endpoint.",
    "rpc_client_endpoint_state":
      "0 for an endpoint that is ready, 1 cooling, 2 not serving, 3 ejected, 4 unreachable.",
    "rpc_client_retry_tokens": "What is left of the allowance for retries.",
    "rpc_server_active_calls": "Calls being answered.",
    "rpc_server_call_duration_seconds": "From a request's arrival, whole, to its response, whole.",
    "rpc_server_calls_started_total": "Calls that arrived.",
    "rpc_server_concurrency_limit":
      "Calls that may run at a time, as adapted to what was measured.",
    "rpc_server_paused_calls": "Calls that wait for a model elsewhere, without their turn.",
    "rpc_server_queue_length": "Calls that wait for others to end.",
    "rpc_server_rejected_total": "Requests refused before their method was asked, by reason.",
    "rpc_server_request_size_bytes": "Bodies of requests, as on the wire.",
    "rpc_server_response_size_bytes": "Bodies of responses, as on the wire.",
    "trace_spans_dropped_total": "Spans that did not reach the collector, by reason.",
    "trace_spans_exported_total": "Spans that the collector took.",
  ]
}
