// A little JSON: the text of one member of an object, and strings. What it
// reads was written by the portal, so it is taken to be well formed.

// member returns the text of a member of an object, "" without one.
export function member(object: string, name: string): string {
  let at = object.indexOf("{") + 1;
  while (at > 0 && at < object.length && object.charCodeAt(at) != CLOSE_BRACE) {
    const nameEnd = end(object, at);
    const key = unquote(object.substring(at, nameEnd));
    const valueEnd = end(object, nameEnd + 1);
    if (key == name) return object.substring(nameEnd + 1, valueEnd);
    at = valueEnd + 1;
  }
  return "";
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

// end returns where the value that begins at a place ends.
function end(text: string, from: i32): i32 {
  let depth = 0;
  let quoted = false;
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c == BACKSLASH) i++;
      else if (c == QUOTE) quoted = false;
    } else if (c == QUOTE) {
      quoted = true;
    } else if (c == OPEN_BRACE || c == OPEN_BRACKET) {
      depth++;
    } else if (depth == 0 && (c == COMMA || c == COLON || c == CLOSE_BRACE || c == CLOSE_BRACKET)) {
      return i;
    } else if (c == CLOSE_BRACE || c == CLOSE_BRACKET) {
      depth--;
    }
  }
  return text.length;
}

// unquote returns what a JSON string says.
export function unquote(text: string): string {
  let out = "";
  for (let i = 1; i < text.length - 1; i++) {
    const c = text.charAt(i);
    if (c != "\\") {
      out += c;
      continue;
    }
    const escape = text.charAt(++i);
    if (escape == "n") out += "\n";
    else if (escape == "r") out += "\r";
    else if (escape == "t") out += "\t";
    else if (escape == "b") out += "\b";
    else if (escape == "f") out += "\f";
    else if (escape == "u") {
      out += String.fromCharCode(i32(parseInt(text.substring(i + 1, i + 5), 16)));
      i += 4;
    } else out += escape;
  }
  return out;
}

// quote writes a JSON string.
export function quote(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c == QUOTE || c == BACKSLASH) out += "\\" + text.charAt(i);
    else if (c < 0x20) out += "\\u00" + (c < 0x10 ? "0" : "") + c.toString(16);
    else out += text.charAt(i);
  }
  return out + '"';
}
