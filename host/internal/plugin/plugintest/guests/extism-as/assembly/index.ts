// The hostile guest built with Extism's AssemblyScript kit: it does whatever
// harm its request names. See ../../extism-go for the same in Go.

import { Host, LogLevel, Memory } from "@extism/as-pdk";
import { error_set, length, output_set } from "@extism/as-pdk/lib/env";

@external("extism:host/user", "callboard_call")
declare function callboard_call(request: u64): u64;

@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: u32): void;

@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: u32, vectors: usize, count: u32, written: usize): u32;

@external("wasi_snapshot_preview1", "poll_oneoff")
declare function poll_oneoff(subscriptions: usize, events: usize, count: u32, ready: usize): u32;

const kept: Uint8Array[] = [];

// Top-level code runs in _initialize, before any call.
const started: string = ask("clock.now/1", "null");

// What the compiler calls for a failed assertion; a trap follows.
export function failed(message: string | null, file: string | null, line: u32, column: u32): void {
  if (message !== null) {
    error_set(Memory.allocateString(message).offset);
  }
}

export function callboard_handle(): i32 {
  const said = textAfter(Host.inputString(), '"body":{"text":"');
  const space = said.indexOf(" ");
  const verb = space < 0 ? said : said.substring(0, space);
  const arg = space < 0 ? "" : said.substring(space + 1);
  const number = arg.length > 0 ? i32(parseInt(arg)) : 0;

  if (verb == "badptr") {
    output_set(0xffffff00, 100);
    return 0;
  }
  if (verb == "badheader") return output("this is no JSON");
  if (verb == "badlength") return output('{"code":"ok","payload":{"status":20');
  if (verb == "empty") return 0;
  if (verb == "huge") return outputZeros(number);
  if (verb == "outputstring") {
    Host.outputString(response(arg)); // cuts off what is not ASCII
    return 0;
  }
  return output(response(act(verb, arg, number)));
}

function act(verb: string, arg: string, number: i32): string {
  if (verb == "echo") return arg;
  if (verb == "loop") spin();
  if (verb == "alloc") {
    while (true) {
      kept.push(new Uint8Array(1 << 20));
    }
  }
  if (verb == "grow") kept.push(new Uint8Array(number).fill(1));
  if (verb == "trap") store<u8>(0xfffffff0, 1);
  if (verb == "nilmap") throw new Error("assignment to entry in nil map");
  if (verb == "overflow") return descend(0).toString();
  if (verb == "exit") proc_exit(number);
  if (verb == "sleep") sleep(number);
  if (verb == "print") {
    print(1, "out " + arg + "\n");
    print(2, "err " + arg + "\n");
  }
  if (verb == "flood") {
    const line = "x".repeat(1023);
    for (let i = 0; i < number; i++) {
      Host.log(LogLevel.Info, line);
    }
  }
  if (verb == "started") return textAfter(started, '"message":"');
  if (verb == "call" || verb == "big") return get(arg);
  if (verb == "calls") {
    let last = "";
    for (let i = 0; i < number; i++) {
      last = get("x");
    }
    return last;
  }
  if (verb == "badcall") callboard_call(0xfffffff0);
  return "";
}

// @inline would let the optimiser see that the loop does nothing.
function spin(): void {
  const buffer = new Uint8Array(1024);
  for (let i: u64 = 0; ; i++) {
    buffer[i32(i & 1023)] += 1;
  }
}

function descend(n: i32): i32 {
  return n == -1 ? 0 : descend(n + 1) + ((n * 7) & 3);
}

function sleep(milliseconds: i32): void {
  const subscription = new Uint8Array(48);
  const events = new Uint8Array(32);
  const ready = new Uint8Array(4);
  store<u32>(subscription.dataStart + 16, 1); // the monotonic clock
  store<u64>(subscription.dataStart + 24, u64(milliseconds) * 1_000_000);
  poll_oneoff(subscription.dataStart, events.dataStart, 1, ready.dataStart);
}

function print(stream: u32, text: string): void {
  const bytes = Uint8Array.wrap(String.UTF8.encode(text));
  const vector = new Uint8Array(8);
  const written = new Uint8Array(4);
  store<u32>(vector.dataStart, u32(bytes.dataStart));
  store<u32>(vector.dataStart + 4, bytes.length);
  fd_write(stream, vector.dataStart, 1, written.dataStart);
}

// get asks for a key and answers "code value".
function get(key: string): string {
  const answer = ask("kv.get/1", '{"key":"' + key + '"}');
  return textAfter(answer, '"code":"') + " " + textAfter(answer, '"text":"') + textAfter(answer, '"message":"');
}

function ask(operation: string, payload: string): string {
  const request = Memory.allocateString('{"operation":"' + operation + '","payload":' + payload + "}");
  const offset = callboard_call(request.offset);
  const answer = new Memory(offset, length(offset)).toString();
  request.free();
  return answer;
}

// textAfter is the JSON text that begins behind a marker. The requests of the
// suite have no escapes in them.
function textAfter(json: string, marker: string): string {
  const at = json.indexOf(marker);
  if (at < 0) return "";
  const from = at + marker.length;
  return json.substring(from, json.indexOf('"', from));
}

function response(text: string): string {
  return '{"code":"ok","payload":{"status":200,"body":[{"bytes":{"text":"' + text + '"}}]}}';
}

function output(text: string): i32 {
  Host.output(Uint8Array.wrap(String.UTF8.encode(text)));
  return 0;
}

// outputZeros answers n zero bytes; four characters of base64 are three.
function outputZeros(n: i32): i32 {
  const head = Uint8Array.wrap(String.UTF8.encode('{"payload":{"status":200,"body":[{"bytes":{"base64":"'));
  const tail = Uint8Array.wrap(String.UTF8.encode('"}}]}}'));
  const size = ((n + 2) / 3) * 4;
  const out = new Uint8Array(head.length + size + tail.length);
  out.set(head);
  out.fill(0x41, head.length, head.length + size);
  for (let i = 0; i < (3 - (n % 3)) % 3; i++) {
    out[head.length + size - 1 - i] = 0x3d;
  }
  out.set(tail, head.length + size);
  Host.output(out);
  return 0;
}
