// notes-as is an example of a plugin that is built with Extism's kit for
// AssemblyScript: it keeps short notes by key. The language has no JSON, so
// json.ts beside this file reads and writes the little that is needed.

import { Host, Memory } from "@extism/as-pdk";
import { error_set, length } from "@extism/as-pdk/lib/env";
import { member, quote, unquote } from "./json";

@external("extism:host/user", "callboard_call")
declare function callboard_call(request: u64): u64;

// What the compiler calls for a failed assertion. The portal shows the text in
// the crash report.
export function failed(message: string | null, file: string | null, line: u32, column: u32): void {
  if (message !== null) {
    error_set(Memory.allocateString(message).offset);
  }
}

export function callboard_handle(): i32 {
  const call = Host.inputString();
  // Not Host.outputString: it writes past its memory when the text is not ASCII.
  Host.output(Uint8Array.wrap(String.UTF8.encode(serve(unquote(member(call, "op")), member(call, "payload")))));
  return 0;
}

function serve(op: string, payload: string): string {
  if (op == "describe/1") {
    return ok('{"sdk":"extism-as","routes":[{"method":"GET","path":"/notes/{key}"},{"method":"PUT","path":"/notes/{key}"}]}');
  }
  if (op == "health/1") return ok('{"ok":true}');
  if (op == "http.handle/1") return note(payload);
  return refuse("not_found", op + " is not served by this plugin");
}

function note(request: string): string {
  // params is a list of one: [{"name":"key","value":"…"}]
  const params = member(request, "params");
  const key = quote("note/" + unquote(member(params.substring(1, params.length - 1), "value")));
  if (unquote(member(request, "method")) == "PUT") {
    // The body is {"text": "…"} or {"base64": "…"}, and so is a value: it is
    // handed on as it is.
    let body = member(request, "body");
    if (body.length == 0) body = '{"text":""}';
    const answer = ask("kv.set/1", '{"key":' + key + ',"value":' + body + "}");
    return failedReply(answer) ? answer : ok('{"status":204}');
  }
  const answer = ask("kv.get/1", '{"key":' + key + "}");
  if (failedReply(answer)) return answer; // the host's refusal is the plugin's
  const value = member(member(answer, "payload"), "value");
  return ok(
    '{"status":200,"headers":[{"name":"Content-Type","value":"text/plain; charset=utf-8"}],"body":[{"bytes":' + value + "}]}",
  );
}

// ask performs an operation of a capability and returns the host's reply.
function ask(operation: string, payload: string): string {
  const request = Memory.allocateString('{"operation":' + quote(operation) + ',"payload":' + payload + "}");
  const offset = callboard_call(request.offset);
  request.free();
  return new Memory(offset, length(offset)).toString();
}

function failedReply(reply: string): bool {
  return unquote(member(reply, "code")) != "ok";
}

function ok(payload: string): string {
  return '{"code":"ok","payload":' + payload + "}";
}

function refuse(code: string, message: string): string {
  return '{"code":"' + code + '","error":{"message":' + quote(message) + "}}";
}
