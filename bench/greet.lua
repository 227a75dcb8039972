-- What wrk sends to `greet`.
wrk.method = "POST"
wrk.body = '{"name":"Ada"}'
wrk.headers["content-type"] = "application/json"
