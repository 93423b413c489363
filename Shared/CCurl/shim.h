#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/socket.h>

// libcurl's setters and getters take their value as a variadic argument, which Swift can't pass.
static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, const void *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_callback(CURL *handle, CURLoption option, curl_write_callback value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}
// A member of a union that the importer hides behind an anonymous struct's name.
static inline CURLcode ccurl_result(const CURLMsg *message) {
  return message->data.result;
}
// Ends a connection whose peer has taken none of what was sent to it for `milliseconds`, which
// otherwise takes the kernel a quarter of an hour. A socket that knows no such limit goes without it.
static inline int ccurl_limit_silence(void *milliseconds, curl_socket_t socket, curlsocktype purpose) {
  unsigned int limit = (unsigned int)(uintptr_t)milliseconds;
  (void)purpose;
  (void)setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
  return CURL_SOCKOPT_OK;
}
static inline CURLcode ccurl_set_silence_limit(CURL *handle, unsigned int milliseconds) {
  CURLcode result = curl_easy_setopt(handle, CURLOPT_SOCKOPTDATA, (void *)(uintptr_t)milliseconds);
  if (result != CURLE_OK) return result;
  return curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, ccurl_limit_silence);
}
